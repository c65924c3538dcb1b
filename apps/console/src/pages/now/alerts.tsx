import { useQuery } from '@tanstack/react-query';
import { adminApi, bodyOf, passive } from '../../admin-api/client.js';
import { durationWords } from '../../elements/durations.js';
import { Failed } from '../../elements/states.js';
import { Time } from '../../elements/time.js';
import { reasonWords } from '../../elements/words.js';
import { alertStep } from '../../feed/event-words.js';
import type { FeedEvent } from '../../feed/feed-state.js';

/** The latest alerts, those of the feed before those that were known, each with what to do. */
export function Alerts({ events }: { readonly events: readonly FeedEvent[] }) {
  const known = useQuery({
    queryKey: ['alerts'],
    queryFn: () =>
      bodyOf(
        adminApi.GET('/v1/events', { ...passive, params: { query: { type: 'alert.raised', limit: 5 } } }),
      ),
  });
  const came = events.filter(({ type }) => type === 'alert.raised');
  const all = new Map([...came, ...(known.data?.items ?? [])].map((event) => [event.id, event]));
  const alerts = [...all.values()].slice(0, 5);
  return (
    <section className="card" aria-label="Alerts">
      <h2>Alerts</h2>
      {known.isError && <Failed error={known.error} onRetry={() => void known.refetch()} />}
      {alerts.length === 0 && !known.isError && (
        <p className="quiet">{known.isPending ? 'Reading …' : 'No pattern passed its threshold.'}</p>
      )}
      <ul className="alerts">
        {alerts.map((event) => (
          <Alert key={event.id} event={event} />
        ))}
      </ul>
    </section>
  );
}

function Alert({ event: { at, data } }: { readonly event: FeedEvent }) {
  const pattern = String(data['pattern'] ?? 'unknown');
  return (
    <li>
      <p>
        <span className={`badge ${data['severity'] === 'low' ? '' : 'bad'}`}>{String(data['severity'])}</span>{' '}
        <span className="strong">{reasonWords(pattern)}</span>{' '}
        <span className="quiet">
          <Time at={at} />
        </span>
      </p>
      <p className="small">
        {String(data['observed'])} in {durationWords(Number(data['window']))}; the limit is{' '}
        {String(data['threshold'])}. {alertStep(pattern)}
      </p>
    </li>
  );
}
