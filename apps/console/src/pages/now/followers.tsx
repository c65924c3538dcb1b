import { useClientName } from '../../admin-api/names.js';
import type { CsvColumn } from '../../elements/csv.js';
import { TableHeading } from '../../elements/list-parts.js';
import type { operations } from '../../generated/admin-api.js';

/** The figures of the installation. */
export type Stats = operations['getStats']['responses'][200]['content']['application/json'];

const columns: readonly CsvColumn<Stats['time_to_deny']['by_follower'][number]>[] = [
  { heading: 'follower', text: ({ id }) => id },
  { heading: 'client_id', text: ({ client_id }) => client_id },
  { heading: 'time_to_deny_ms', text: ({ ms }) => ms },
  { heading: 'stale', text: ({ stale }) => String(stale) },
];

/** How long each gateway and API let an ended session pass, as the last probe measured it. */
export function Followers({ stats }: { readonly stats: Stats | undefined }) {
  const followers = stats?.time_to_deny.by_follower ?? [];
  const nameOf = useClientName(followers.map(({ client_id }) => client_id));
  return (
    <section className="card" aria-label="Time to deny">
      <TableHeading title="Time to deny" file="time-to-deny.csv" columns={columns} rows={followers} />
      {followers.length === 0 && (
        <p className="quiet">{stats ? 'Nobody follows the session feed.' : 'Reading …'}</p>
      )}
      {followers.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Follower</th>
              <th scope="col" className="number">
                Measured
              </th>
            </tr>
          </thead>
          <tbody>
            {followers.map(({ id, client_id, ms, stale }) => (
              <tr key={id}>
                <th scope="row">
                  {nameOf(client_id)} <span className="quiet small mono">{id.slice(0, 8)}</span>
                </th>
                <td className="number">
                  {stale ? (
                    <span className="badge bad">does not follow</span>
                  ) : ms === null ? (
                    '–'
                  ) : (
                    `${ms} ms`
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
