import type { Transaction } from '@curfew/persistence';
import type { EndReach, EndReason, Instant } from '@curfew/session-policy';
import type { EndOutcome, MassEnd } from '@curfew/sessions/store';
import { type Author, inTransaction, type OperationParts, saidBy } from './author.js';

/** Sessions and browsers that are ended by name. */
export interface NamedEnds {
  readonly sessionIds?: readonly string[];
  readonly browserSessionUids?: readonly string[];
  /** Whether offline sessions outlive a browser that is ended, unless they are named themselves. */
  readonly keepOffline?: boolean;
  /** How far the end goes; as the table of reach says for the reason, unless it is given. */
  readonly reach?: EndReach | undefined;
}

/** The sessions and browsers that ended, and the instant up to which everything authorized is over. */
export interface EverythingEnded extends EndOutcome {
  readonly at: Instant;
}

type Parts = Pick<OperationParts, 'prisma' | 'clock' | 'sessions' | 'events' | 'secondFactors'>;

/** Ends those of the named sessions and browsers that live; the events of the author are recorded if anything ended. */
export function endSessions(
  { sessions, clock }: Pick<Parts, 'sessions' | 'clock'>,
  { sessionIds = [], browserSessionUids, keepOffline, reach }: NamedEnds,
  reason: EndReason,
  author: Author,
  tx?: Transaction,
): Promise<EndOutcome> {
  const along = { events: author.along?.(), browserSessionUids, keepOffline, reach, transaction: tx };
  return sessions.end(sessionIds, reason, saidBy(author), clock.now(), along);
}

/** Ends everything that an account, a client or everyone has authorized until now, in one commit. */
export function endEverything(
  parts: Parts,
  target: Pick<MassEnd, 'kind' | 'target'>,
  reason: EndReason,
  author: Author,
  tx?: Transaction,
): Promise<EverythingEnded> {
  return inTransaction(parts, author, tx, async (transaction) => {
    // The time is read after the transaction took its locks, so sessions authorized while it waited end too.
    const at = parts.clock.now();
    const ended = await parts.sessions.endAll({ ...target, reason, at, detail: saidBy(author) }, transaction);
    // Nobody is at home any more in a browser whose sign-ins have all ended, also where it timed out long ago.
    if (target.kind !== 'client')
      await parts.secondFactors.browsers.forget(
        target.kind === 'account' ? target.target : null,
        transaction,
      );
    await parts.events.record(author.along?.() ?? [], transaction);
    return { ...ended, at };
  });
}
