import { useQuery } from '@tanstack/react-query';
import { useClientName } from '../../admin-api/names.js';
import type { CsvColumn } from '../../elements/csv.js';
import { TableHeading } from '../../elements/list-parts.js';
import { Empty, Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { type FeedNode, nodesQuery } from './system-queries.js';

interface Row {
  readonly node: FeedNode;
  readonly follower: FeedNode['followers'][number] | null;
}

const columns: readonly CsvColumn<Row>[] = [
  { heading: 'node', text: ({ node }) => node.node },
  { heading: 'seen_at', text: ({ node }) => node.seen_at },
  { heading: 'follower', text: ({ follower }) => follower?.id ?? null },
  { heading: 'client_id', text: ({ follower }) => follower?.client_id ?? null },
  { heading: 'acknowledged_at', text: ({ follower }) => follower?.acknowledged_at ?? null },
  { heading: 'time_to_deny_ms', text: ({ follower }) => follower?.time_to_deny_ms ?? null },
  { heading: 'stale', text: ({ follower }) => (follower ? String(follower.stale) : null) },
];

/** The processes that serve the session feed, and the gateways and APIs that follow it. */
export function Nodes() {
  const nodes = useQuery(nodesQuery);
  const rows = (nodes.data ?? []).flatMap((node): Row[] =>
    node.followers.length === 0
      ? [{ node, follower: null }]
      : node.followers.map((follower) => ({ node, follower })),
  );
  return (
    <section className="card" aria-label="Nodes and followers">
      <TableHeading title="Nodes and followers" file="followers.csv" columns={columns} rows={rows} />
      {nodes.isPending && <Loading rows={3} label="Reading nodes" />}
      {nodes.isError && <Failed error={nodes.error} onRetry={() => nodes.refetch()} />}
      {nodes.data && rows.length === 0 && (
        <Empty title="No process serves the session feed.">
          <p>Start the authorization server.</p>
        </Empty>
      )}
      {rows.length > 0 && <NodeTable rows={rows} />}
    </section>
  );
}

function NodeTable({ rows }: { readonly rows: readonly Row[] }) {
  const nameOf = useClientName(rows.map(({ follower }) => follower?.client_id));
  return (
    <div className="scroll followers">
      <table>
        <thead>
          <tr>
            <th scope="col">Follower</th>
            <th scope="col">Node</th>
            <th scope="col">Acknowledged</th>
            <th scope="col" className="number">
              Time to deny
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ node, follower }) => (
            <tr key={`${node.node} ${follower?.id}`}>
              <th scope="row">
                {follower ? nameOf(follower.client_id) : <span className="quiet">nobody</span>}
              </th>
              <td>
                <code>{node.node.slice(0, 8)}</code>{' '}
                <span className="small quiet">
                  seen <Time at={node.seen_at} />
                </span>
              </td>
              <td>{follower?.acknowledged_at && <Time at={follower.acknowledged_at} />}</td>
              <td className="number">
                {follower?.time_to_deny_ms != null ? `${follower.time_to_deny_ms} ms` : '–'}
              </td>
              <td>
                {follower && (
                  <span className={`badge ${follower.stale ? 'bad' : 'good'}`}>
                    {follower.stale ? 'stale: it denies everything' : 'follows'}
                  </span>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
