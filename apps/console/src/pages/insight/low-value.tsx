import { Link } from '@tanstack/react-router';
import { useClientName } from '../../admin-api/names.js';
import type { CsvColumn } from '../../elements/csv.js';
import { percent } from '../../elements/figures.js';
import { TableHeading } from '../../elements/list-parts.js';
import type { FoundTimeouts } from './insight-queries.js';

const columns: readonly CsvColumn<FoundTimeouts['low_value']['by_client'][number]>[] = [
  { heading: 'client_id', text: ({ client_id }) => client_id },
  { heading: 'silences', text: ({ silences }) => silences },
  { heading: 'share_by_a_clock', text: ({ share }) => share },
  { heading: 'advice', text: ({ advice }) => advice },
];

/** Silences that a program ends in the background: they keep sessions alive while nobody is there. */
export function LowValue({ lowValue }: { readonly lowValue: FoundTimeouts['low_value'] }) {
  const { share, by_client: clients } = lowValue;
  const nameOf = useClientName(clients.map(({ client_id }) => client_id));
  return (
    <section className="card stack" aria-label="Low-value idle time">
      <TableHeading
        title="Sessions kept alive by nobody"
        file="low-value.csv"
        columns={columns}
        rows={clients}
      />
      <p>
        A clock and no person ended <span className="strong">{percent(share.value)}</span> of the silences (
        {percent(share.low)} – {percent(share.high)}).
      </p>
      {clients.length > 0 && (
        <div className="scroll">
          <table className="low-value">
            <thead>
              <tr>
                <th scope="col">Application</th>
                <th scope="col" className="number">
                  Silences
                </th>
                <th scope="col" className="number">
                  By a clock
                </th>
                <th scope="col">What to do</th>
              </tr>
            </thead>
            <tbody>
              {clients.map(({ client_id: client, silences, share: own, advice }) => (
                <tr key={client}>
                  <th scope="row">
                    <Link to="/insight" search={{ client }} data-row={`low-value ${client}`}>
                      {nameOf(client)}
                    </Link>
                    <p className="small quiet mono">{client}</p>
                  </th>
                  <td className="number">{silences.toLocaleString()}</td>
                  <td className="number">{percent(own)}</td>
                  <td className="small">{advice}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
