import { planImport, type ReadImport, writeImport } from '@curfew/accounts/import';
import { accountEvent } from '@curfew/sessions';
import { type Author, inTransaction, type OperationParts } from './author.js';

/** The number of accounts that an import made, and of those that were there as the file says. */
interface AccountsImported {
  readonly created: number;
  readonly present: number;
}

/** A whole import may take this long. Milliseconds. */
const patienceMs = 60_000;

/** The accounts of a file that was read, as they are to be imported. */
interface ImportWish {
  readonly read: ReadImport;
  /** Whether nothing is to be written. */
  readonly dryRun: boolean;
}

/**
 * Makes all accounts of a file, or none, each with its event. Everything that can be refused is looked up before the first row is written,
 * because events wait for the oldest transaction that writes on their way to receivers. @throws ImportRefused
 */
export const importAccounts = async (
  parts: OperationParts,
  { read, dryRun }: ImportWish,
  author: Author,
): Promise<AccountsImported> => {
  const { prisma, events, clock } = parts;
  const planned = await planImport(read, prisma);
  const imported = { created: planned.accounts.length, present: planned.present };
  if (dryRun || imported.created === 0) return imported;
  const now = clock.now();
  const told = planned.accounts.flatMap(({ id, disabled }) =>
    (disabled ? (['created', 'disabled'] as const) : (['created'] as const)).map((change) =>
      accountEvent(id, 'account.changed', { change, by: author.by }, now),
    ),
  );
  await prisma.$transaction(
    (tx) =>
      inTransaction(parts, author, tx, async () => {
        await writeImport(planned, now, tx);
        await events.record([...told, ...(author.along?.(imported.created) ?? [])], tx);
      }),
    { timeout: patienceMs },
  );
  return imported;
};
