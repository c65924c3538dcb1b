import type { Transaction } from '@curfew/persistence';
import { accountEvent } from '@curfew/sessions';
import { type Author, inTransaction, type OperationParts } from './author.js';
import { endSessions } from './end-sessions.js';

/** The consent of an account for a client. */
export interface ConsentOf {
  readonly accountId: string;
  readonly clientId: string;
}

/** Whether there was a consent, and how many sessions ended. */
export interface ConsentWithdrawn {
  readonly withdrawn: boolean;
  readonly ended: number;
}

/**
 * Takes back what an account allowed a client and ends the sessions that came of it, in one commit; after the commit once more, for a
 * session that began on the consent meanwhile.
 */
export async function withdrawConsent(
  parts: OperationParts,
  consent: ConsentOf,
  author: Author,
): Promise<ConsentWithdrawn> {
  const { accountId, clientId } = consent;
  const done = await inTransaction(parts, author, undefined, async (tx) => {
    const withdrawn = await parts.consents.withdraw(accountId, clientId, tx);
    const ended = await endOfConsent(parts, consent, author, tx);
    const event = accountEvent(accountId, 'consent.withdrawn', { by: author.by }, parts.clock.now());
    const told = withdrawn ? [{ ...event, clientId }] : [];
    await parts.events.record([...told, ...(author.along?.(ended) ?? [])], tx);
    return { withdrawn, ended };
  });
  return { ...done, ended: done.ended + (await endOfConsent(parts, consent, author)) };
}

async function endOfConsent(
  parts: OperationParts,
  { accountId, clientId }: ConsentOf,
  { by, note }: Author,
  tx?: Transaction,
): Promise<number> {
  const sessionIds = await parts.queries.liveOfClient(accountId, clientId, parts.clock.now(), tx);
  // The commit before has waited for everything that had ended by then.
  if (!tx && sessionIds.length === 0) return 0;
  const { sessions } = await endSessions(parts, { sessionIds }, 'consent_withdrawn', { by, note }, tx);
  return sessions.length;
}
