import type { Registry } from '@curfew/clients';
import { type Instant, type RequestSignals, type SessionPolicy, secondsUntil } from '@curfew/session-policy';
import { stepUpOutstanding } from '@curfew/session-policy/lifecycle';
import { deadlines, endOf, idleWarningAt, withNotBefores } from '@curfew/session-policy/standing';
import type { FoundSession, StoredSession } from '@curfew/sessions/store';
import type { z } from 'zod';
import { written, writtenOrNull } from '../contract/wire.js';
import type { sessionSchema } from './schemas.js';

/** A session as the wire has it. */
export type SessionOnWire = Omit<z.output<typeof sessionSchema>, 'username' | 'ended_by' | 'end_cause'>;

/** A session as it truly stands at an instant: with mass ends and today's policy taken into account. */
export interface StandingSession {
  readonly session: StoredSession;
  readonly policy: SessionPolicy;
  readonly wire: SessionOnWire;
}

/** Describes found sessions as they stand at `now`. */
export async function describeSession(
  { session: row, notBefore }: FoundSession,
  registry: Pick<Registry, 'effectivePolicy' | 'client'>,
  now: Instant,
): Promise<StandingSession> {
  const session = { ...row, ...withNotBefores(row, notBefore) };
  const [policy, client] = await Promise.all([
    registry.effectivePolicy(session.clientId, session.resources, session.accountId),
    registry.client(session.clientId),
  ]);
  const end = endOf(session, policy, now);
  const ends = deadlines(session, policy);
  const scope = session.authorization['scope'];
  const wire: SessionOnWire = {
    id: session.id,
    account_id: session.accountId,
    client_id: session.clientId,
    client_name: client?.name ?? null,
    state: end ? 'ended' : 'live',
    signed_in_at: written(session.signedInAt),
    started_at: written(session.startedAt),
    last_active_at: written(session.lastActiveAt),
    idle_expires_in: end ? 0 : secondsUntil(ends.idle, now),
    idle_warning_in: end ? 0 : secondsUntil(idleWarningAt(session, policy, ends), now),
    absolute_expires_in: end ? 0 : secondsUntil(ends.absolute, now),
    ended_at: writtenOrNull(end?.at),
    end_reason: end?.reason ?? null,
    scope: typeof scope === 'string' ? scope : '',
    resources: [...session.resources],
    browser: session.browserSessionUid,
    offline: session.offline,
    sender_constrained: session.keyThumbprint !== null,
    step_up_pending: stepUpOutstanding(session),
    refreshes: session.generation,
    signals: signalsOnWire(session.baseline),
  };
  return { session, policy, wire };
}

/** Signals as the wire has them; a row of another version may lack some. */
export const signalsOnWire = (signals: Partial<RequestSignals>): SessionOnWire['signals'] => ({
  ip: signals.ip ?? null,
  network: signals.prefix ?? null,
  asn: signals.asn ?? null,
  country: signals.country ?? null,
  user_agent_family: signals.userAgentFamily ?? null,
  operating_system: signals.operatingSystem ?? null,
  device_id: signals.deviceId ?? null,
  tls_fingerprint: signals.tlsFingerprint ?? null,
});
