import { useClientName } from '../../admin-api/names.js';
import type { operations } from '../../generated/admin-api.js';

interface WouldEndProps {
  readonly preview: operations['previewPolicy']['responses'][200]['content']['application/json'];
}

/** Applications that are named. */
const maxNamed = 6;

/** The number of live sessions that a change of a policy would end at once, and with which applications they are. */
export function WouldEnd({ preview: { would_end: ending, live, by_client: clients } }: WouldEndProps) {
  const hit = clients.filter(({ would_end }) => would_end > 0);
  const named = hit.slice(0, maxNamed);
  const nameOf = useClientName(named.map(({ client_id }) => client_id));
  return (
    <div className={ending > 0 ? 'notice bad' : 'notice'}>
      <p>
        {ending.toLocaleString()} of {live.toLocaleString()} live sessions would end at once.
      </p>
      <ul className="small">
        {named.map(({ client_id, live: own, would_end }) => (
          <li key={client_id}>
            {would_end.toLocaleString()} of {own.toLocaleString()} with {nameOf(client_id)}
          </li>
        ))}
        {hit.length > maxNamed && <li>and {hit.length - maxNamed} more applications</li>}
      </ul>
    </div>
  );
}
