import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { useClientName } from '../../admin-api/names.js';
import type { CsvColumn } from '../../elements/csv.js';
import { durationWords } from '../../elements/durations.js';
import { CsvButton, NextPage } from '../../elements/list-parts.js';
import { Failed, Loading } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { reasonWords } from '../../elements/words.js';
import type { operations } from '../../generated/admin-api.js';

type Shadowed =
  operations['listShadowedSessions']['responses'][200]['content']['application/json']['items'][number];

const columns: readonly CsvColumn<Shadowed>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'account_id', text: ({ account_id }) => account_id },
  { heading: 'client_id', text: ({ client_id }) => client_id },
  { heading: 'would_have_ended_at', text: ({ would_have_ended_at }) => would_have_ended_at },
  { heading: 'used_again_after_seconds', text: ({ used_again_after_seconds }) => used_again_after_seconds },
  { heading: 'last_active_at', text: ({ last_active_at }) => last_active_at },
  { heading: 'ended_at', text: ({ ended_at }) => ended_at },
  { heading: 'end_reason', text: ({ end_reason }) => end_reason },
];

/** The sessions that a shadow would have ended, with what became of them. */
export function ShadowedSessions({ policy }: { readonly policy: string }) {
  const found = useInfiniteQuery({
    queryKey: ['policies', policy, 'shadow', 'sessions'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      bodyOf(
        adminApi.GET('/v1/policies/{name}/shadow/sessions', {
          params: {
            path: { name: policy },
            query: { limit: 20, ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const sessions = found.data?.pages.flatMap(({ items }) => items) ?? [];
  if (found.isPending) return <Loading rows={2} label="Reading sessions" />;
  if (found.isError && sessions.length === 0)
    return <Failed error={found.error} onRetry={() => found.refetch()} />;
  if (sessions.length === 0) return <p className="quiet">No session was marked yet.</p>;
  return (
    <>
      <ShadowedTable sessions={sessions} />
      <div className="actions">
        <CsvButton file={`shadow-${policy}.csv`} columns={columns} rows={sessions} />
        <NextPage found={found} />
      </div>
    </>
  );
}

function ShadowedTable({ sessions }: { readonly sessions: readonly Shadowed[] }) {
  const nameOf = useClientName(sessions.map(({ client_id }) => client_id));
  return (
    <div className="scroll">
      <table aria-label="Sessions that would have ended">
        <thead>
          <tr>
            <th scope="col">Session</th>
            <th scope="col">Would have ended</th>
            <th scope="col">Used again</th>
            <th scope="col">Ended</th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <Link to="/sessions/$id" params={{ id: one.id }} data-row={one.id}>
                  {nameOf(one.client_id)}
                </Link>
                <p className="small quiet mono">{one.id.slice(0, 8)}</p>
              </th>
              <td>
                <Time at={one.would_have_ended_at} />
              </td>
              <td>
                {one.used_again_after_seconds === null
                  ? 'no'
                  : `after ${durationWords(one.used_again_after_seconds)}`}
              </td>
              <td>{one.end_reason ? reasonWords(one.end_reason) : 'it lives'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
