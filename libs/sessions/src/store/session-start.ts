import { insertEvents } from '@curfew/events';
import type { SessionBefore } from '@curfew/insight';
import type { Statements, Transaction } from '@curfew/persistence';
import type { EndReason, Instant } from '@curfew/session-policy';
import { sessionEvent } from '../session-events.js';
import { readBefore } from './session-before.js';
import { atDate as at, packSignals } from './session-columns.js';
import { type AcceptedStepUp, AuthorizationEnded, type StoredSession } from './session-store.js';
import { entryStatement, type StartRow, startParameters, startStatement } from './start-statement.js';

/** @throws AuthorizationEnded if an entry ends what is only being started */
export async function refuseEnded(statements: Statements, session: StoredSession): Promise<void> {
  const { accountId, clientId, signedInAt } = session;
  const values = [accountId, clientId, signedInAt];
  const [entry] = await statements.run<[EndReason]>(entryStatement, values);
  if (entry) throw new AuthorizationEnded(entry[0]);
}

/**
 * A step-up was made (RFC 9470): the sessions that await it have its circumstances as their baseline, and the sign-in
 * counts as activity. `auth_time` counts in seconds: a demand within that very second may have come later, and still stands.
 */
export async function healWithin(
  transaction: Transaction,
  { accountId, clientId, authenticatedAt, signals }: AcceptedStepUp,
  waiting: readonly string[],
  now: Instant,
): Promise<void> {
  await transaction.$executeRaw`
    UPDATE session SET baseline = ${JSON.stringify(packSignals(signals))}::jsonb,
      stepped_up_at = GREATEST(step_up_required_at, ${at(authenticatedAt)}), last_active_at = GREATEST(last_active_at, ${at(now)}),
      expires_at = LEAST(absolute_deadline, GREATEST(expires_at, ${at(now)}::timestamptz + make_interval(secs => inactivity_timeout)))
    WHERE id = ANY(${[...waiting]}::uuid[])`;
  const events = waiting.map((id) =>
    sessionEvent({ id, accountId, clientId }, 'session.stepped_up', { signals }, now),
  );
  await transaction.$executeRaw(insertEvents(events));
}

/**
 * Starts the session and finds those that wait for the step-up it stands for. It is one statement, because a client that redeems a code
 * waits for each.
 * @throws AuthorizationEnded if an entry ends what is only being started
 */
export async function insertSession(
  statements: Statements,
  session: StoredSession,
  stepUp: AcceptedStepUp | undefined,
): Promise<{ waiting: readonly string[]; before: SessionBefore }> {
  const values = startParameters(session, stepUp);
  const [row] = await statements.run<StartRow>(startStatement, values);
  const [endedBy, waiting, ...before] = row!;
  if (endedBy) throw new AuthorizationEnded(endedBy);
  return { waiting, before: readBefore(before) };
}
