import { Link } from '@tanstack/react-router';
import { useClientName } from '../../admin-api/names.js';
import type { CsvColumn } from '../../elements/csv.js';
import { FigureCell, percent } from '../../elements/figures.js';
import { TableHeading } from '../../elements/list-parts.js';
import type { ReuseEnds } from './insight-queries.js';

const columns: readonly CsvColumn<ReuseEnds['by_client'][number]>[] = [
  { heading: 'client_id', text: ({ client_id }) => client_id },
  { heading: 'ends', text: ({ ends }) => ends },
  { heading: 'came_back_as_themselves', text: (row) => row.came_back_as_themselves },
  { heading: 'share', text: ({ share }) => share.value },
  { heading: 'share_low', text: ({ share }) => share.low },
  { heading: 'share_high', text: ({ share }) => share.high },
];

/** Sessions that ended because a token was used again, and how many of them met the person and no thief. */
export function FalseTheft({ ends }: { readonly ends: ReuseEnds }) {
  return (
    <section className="card stack" aria-label="False theft">
      <TableHeading
        title="People taken for thieves"
        file="false-theft.csv"
        columns={columns}
        rows={ends.by_client}
      />
      {ends.ends === 0 ? (
        <p className="quiet">No session ended because a token was used again.</p>
      ) : (
        <>
          <p>
            Sessions that ended because a token was used again: {ends.ends.toLocaleString()}
            {!ends.complete && ' (only the latest were looked at)'}. Sessions of people who signed in again
            from the same place:{' '}
            <span className="strong">{ends.came_back_as_themselves.toLocaleString()}</span>.
          </p>
          <ByClient ends={ends} />
          <p className="small quiet">
            A longer retry window helps people whose programs ask twice; <em>what if</em> in a policy says how
            many.
          </p>
        </>
      )}
    </section>
  );
}

function ByClient({ ends }: { readonly ends: ReuseEnds }) {
  const nameOf = useClientName(ends.by_client.map(({ client_id }) => client_id));
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">Application</th>
            <th scope="col" className="number">
              Ends
            </th>
            <th scope="col" className="number">
              Came back
            </th>
            <th scope="col" className="number">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {ends.by_client.map(({ client_id: client, ends: count, came_back_as_themselves: back, share }) => (
            <tr key={client}>
              <th scope="row">
                <Link
                  to="/sessions"
                  search={{ client, reason: 'refresh_token_reuse', state: 'ended' }}
                  data-row={`reuse ${client}`}
                >
                  {nameOf(client)}
                </Link>
                <p className="small quiet mono">{client}</p>
              </th>
              <td className="number">{count.toLocaleString()}</td>
              <td className="number">{back.toLocaleString()}</td>
              <FigureCell of={share} words={percent} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
