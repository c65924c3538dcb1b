import type { AccountService, ConsentService, Profiles } from '@curfew/accounts';
import type { SecondFactors } from '@curfew/accounts/factors';
import type { LinkedIdentities } from '@curfew/accounts/identity-providers';
import type { ClientService } from '@curfew/clients';
import type { Clock } from '@curfew/clock';
import type { EventLog, NewEvent } from '@curfew/events';
import type { MailStore, OneTimeLinks } from '@curfew/mail';
import type { PrismaService, Transaction } from '@curfew/persistence';
import type { Actor } from '@curfew/session-policy';
import type { SessionQueries, SessionService } from '@curfew/sessions';
import type { EndDetail } from '@curfew/sessions/store';

/** The dependencies of operations; a class, so that Nest can inject it. */
export abstract class OperationParts {
  abstract readonly prisma: PrismaService;
  abstract readonly clock: Clock;
  abstract readonly accounts: AccountService;
  abstract readonly consents: ConsentService;
  abstract readonly secondFactors: SecondFactors;
  abstract readonly profiles: Profiles;
  abstract readonly identities: LinkedIdentities;
  abstract readonly links: OneTimeLinks;
  abstract readonly mails: MailStore;
  abstract readonly clients: ClientService;
  abstract readonly sessions: SessionService;
  abstract readonly queries: SessionQueries;
  abstract readonly events: EventLog;
}

/** The author of an operation: a person at the pages, an operator, an alert or a command. */
export interface Author {
  readonly by: Actor;
  readonly note?: string | undefined;
  /** Further events of the same commit; `ended` is how many sessions the operation ended, where that is known before the commit. */
  readonly along?: (ended?: number) => readonly NewEvent[];
  /** Runs the work inside its transaction; throws where the author may not do it. */
  readonly authorize?: <T>(tx: Transaction, work: () => Promise<T>) => Promise<T>;
}

/** Runs an operation in one transaction: `given`, or one of its own. */
export function inTransaction<T>(
  { prisma }: Pick<OperationParts, 'prisma'>,
  { authorize }: Author,
  given: Transaction | undefined,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const run = (tx: Transaction) => (authorize ? authorize(tx, () => work(tx)) : work(tx));
  return given ? run(given) : prisma.$transaction(run);
}

/** The outcome of taking away something that is gone already: null, and durable with the transaction, whoever took it away (ADR 111). */
export async function doneBefore(
  { sessions }: Pick<OperationParts, 'sessions'>,
  tx: Transaction,
): Promise<null> {
  await sessions.endedBefore(tx);
  return null;
}

/** The author's part of the record of an end. */
export const saidBy = ({ by, note }: Author): EndDetail => (note === undefined ? { by } : { by, note });

/**
 * The person themselves, who has proved who they are and changes how they sign in. Nothing is changed where the account has another password
 * or other second factors by then than those of `version`. @throws AccountError
 */
export const personWithProof = (
  { secondFactors }: Pick<OperationParts, 'secondFactors'>,
  accountId: string,
  version: string,
): Author => ({
  by: { kind: 'user', id: accountId, ip: null },
  authorize: async (tx, work) => {
    await secondFactors.require(accountId, version, tx);
    return work();
  },
});
