import { useQuery } from '@tanstack/react-query';
import { useMay } from '../../admin-api/caller.js';
import { adminApi, bodyOf } from '../../admin-api/client.js';
import { useServerNow } from '../../admin-api/server-time.js';
import { clockWords, exactWords } from '../../elements/durations.js';
import type { SessionDetails } from './session-queries.js';

interface SessionClocksProps {
  readonly session: SessionDetails;
  /** The instant at which the session was read, from which its clocks go on. */
  readonly readAt: number;
}

const unitSeconds: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** A duration as policies write it (`1h30m`), in seconds. */
const secondsOf = (written: unknown): number =>
  [...String(written).matchAll(/(\d+)([dhms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (unitSeconds[unit ?? ''] ?? 0),
    0,
  );

/** Both clocks of a live session: the one that ends it first stands out, each with the policy that makes its value win. */
export function SessionClocks({ session, readAt }: SessionClocksProps) {
  const passed = Math.max(0, (useServerNow() - readAt) / 1000);
  const sources = useSources(session);
  const idle = session.idle_expires_in - passed;
  const absolute = session.absolute_expires_in - passed;
  const endsAt = readAt + Math.min(session.idle_expires_in, session.absolute_expires_in) * 1000;
  return (
    <div className="clocks">
      <p>
        {idle <= absolute ? 'Without activity it ends' : 'However active it is, it ends'}{' '}
        <span className="strong">{exactWords(endsAt)}</span>.
      </p>
      <ClockLine
        title="Without activity"
        left={idle}
        isFirst={idle <= absolute}
        of={session.policy['inactivityTimeout']}
        from={sources('inactivityTimeout')}
      />
      <ClockLine
        title="In any case"
        left={absolute}
        isFirst={absolute < idle}
        of={session.policy['absoluteLifetime']}
        from={sources('absoluteLifetime')}
      />
    </div>
  );
}

interface ClockLineProps {
  readonly title: string;
  readonly left: number;
  readonly isFirst: boolean;
  /** The whole length as the policy writes it. */
  readonly of: unknown;
  readonly from: readonly string[] | undefined;
}

function ClockLine({ title, left, isFirst, of, from }: ClockLineProps) {
  const whole = secondsOf(of);
  return (
    <div className={`clock-line ${isFirst ? 'first' : ''}`}>
      <span className="strong">{title}</span>
      <span className="left">{left > 0 ? clockWords(left) : 'over'}</span>
      <progress aria-label={`${title}: time left`} max={whole} value={Math.max(0, Math.min(whole, left))} />
      <span className="small quiet">
        of {String(of)}
        {from && (from.length > 0 ? `, set by the policy ${from.join(' and ')}` : ', cut by another setting')}
      </span>
    </div>
  );
}

/** The names of the policies that make a setting win; undefined while it is not known, or for an operator without policies:read. */
function useSources(session: SessionDetails): (setting: string) => readonly string[] | undefined {
  const mayRead = useMay('policies:read');
  const effective = useQuery({
    queryKey: ['effective policy', session.client_id, session.resources, session.account_id],
    enabled: mayRead,
    queryFn: () =>
      bodyOf(
        adminApi.GET('/v1/effective-policy', {
          params: {
            query: { client: session.client_id, resource: session.resources, account: session.account_id },
          },
        }),
      ),
  });
  return (setting) => effective.data?.settings.find(({ name }) => name === setting)?.from;
}
