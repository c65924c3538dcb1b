import { isUniqueViolation, type PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, instant, plus, seconds } from '@curfew/session-policy';
import type { SecretSeal } from '../delivery/webhook.js';
import type { OpenedTransmitter, Signal, Transmitter, TransmitterFields } from './transmitter.js';

/** The NOTIFY channel on which changes of transmitters are announced to the processes that hear them. */
export const transmittersChannel = 'curfew_transmitters';

/** Transmitters that are kept at most. */
export const maxTransmitters = 50;
/** Seconds for which a node has a transmitter for itself while it polls it. */
export const pollLease = 120;
/** Seconds after a failed poll; they double with each further one. */
const firstPause = 10;
const longestPause = 600;
/** The fault of one whose header was sealed under a secret that is missing. */
const headerClosed = 'its header cannot be opened';

type Row = NonNullable<Awaited<ReturnType<PrismaService['transmitter']['findUnique']>>>;
type State = Pick<Row, 'version' | 'enabled' | 'createdAt'>;
type ClaimedTransmitter = Pick<Row, 'id' | 'version'>;

const at = (date: Date): Instant => instant(date.getTime());

const transmitterOf = ({ authorization: _, pollDueAt: __, ...row }: Row): Transmitter => ({
  ...row,
  delivery: row.delivery as Transmitter['delivery'],
  signals: row.signals as Signal[],
  polledAt: row.polledAt && at(row.polledAt),
  createdAt: at(row.createdAt),
  updatedAt: at(row.updatedAt),
});

/** A transmitter has other settings by now than those that a token of it was read by, so that nothing is known of the token. */
export class TransmitterChanged extends Error {
  override readonly name = 'TransmitterChanged';
}

/** Services that tell of security events: rows of the table `transmitter`, and the tokens of theirs that ended something. */
export class Transmitters {
  constructor(
    private readonly prisma: PrismaService,
    private readonly seal: SecretSeal,
  ) {}

  /** All of them, in the order of their ids. */
  async list(): Promise<readonly Transmitter[]> {
    const rows = await this.prisma.transmitter.findMany({ orderBy: { id: 'asc' }, take: maxTransmitters });
    return rows.map(transmitterOf);
  }

  /** One, or undefined. */
  async find(id: string): Promise<Transmitter | undefined> {
    const row = await this.prisma.transmitter.findUnique({ where: { id } });
    return row ? transmitterOf(row) : undefined;
  }

  /** Those that are enabled and, where one is named, of this delivery, with their headers; and the ids of those whose header does not open any more. */
  async examined(delivery?: Transmitter['delivery']): Promise<{
    readonly opened: readonly OpenedTransmitter[];
    readonly unreadable: readonly string[];
  }> {
    const rows = await this.prisma.transmitter.findMany({
      where: { enabled: true, ...(delivery && { delivery }) },
      orderBy: { id: 'asc' },
      take: maxTransmitters,
    });
    const all = rows.map((row) => ({ id: row.id, opened: this.#opened(row) }));
    return {
      opened: all.flatMap(({ opened }) => opened ?? []),
      unreadable: all.flatMap(({ id, opened }) => (opened ? [] : [id])),
    };
  }

  /** Whether there is one to be polled, due or not. */
  async anyToPoll(): Promise<boolean> {
    return (await this.prisma.transmitter.count({ where: { delivery: 'poll', enabled: true } })) > 0;
  }

  /** Takes one that is due to be polled for this node alone; undefined where none is. */
  async claim(now: Instant): Promise<OpenedTransmitter | undefined> {
    const [claimed] = await this.prisma.$queryRaw<{ id: string; version: number }[]>`
      UPDATE transmitter SET poll_due_at = ${new Date(plus(now, seconds(pollLease)))} WHERE id = (
        SELECT id FROM transmitter WHERE delivery = 'poll' AND enabled AND poll_due_at <= ${new Date(now)}
        ORDER BY poll_due_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, version`;
    if (!claimed) return undefined;
    const { id, version } = claimed;
    // Changed since then, it is due anew, and belongs to whoever claims it next.
    const row = await this.prisma.transmitter.findUnique({ where: { id, version } });
    const opened = row && this.#opened(row);
    if (!opened) await this.polled(claimed, headerClosed, now, 0);
    return opened ?? undefined;
  }

  /** Has a transmitter that this node claimed polled by another one at once. */
  async release({ id, version }: ClaimedTransmitter, now: Instant): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE transmitter SET poll_due_at = ${new Date(now)} WHERE id = ${id} AND version = ${version}`;
  }

  /** Notes how a poll by these settings went; the next one is due after `pauseMs`, or later where it failed. It says nothing of other settings. */
  async polled(
    { id, version }: ClaimedTransmitter,
    fault: string | null,
    now: Instant,
    pauseMs: number,
  ): Promise<void> {
    if (fault === null) {
      await this.prisma.$executeRaw`
        UPDATE transmitter SET poll_due_at = ${new Date(now + pauseMs)}, polled_at = ${new Date(now)}, poll_failures = 0, poll_fault = NULL
        WHERE id = ${id} AND version = ${version}`;
      return;
    }
    await this.prisma.$executeRaw`
      UPDATE transmitter SET poll_failures = poll_failures + 1, poll_fault = ${fault},
        poll_due_at = ${new Date(now)}::timestamptz + make_interval(secs => LEAST(${longestPause}::int, ${firstPause}::int * 2 ^ LEAST(poll_failures, 10)))
      WHERE id = ${id} AND version = ${version}`;
  }

  /** Adds one; undefined where its id or its issuer is taken, or there are as many as may be. */
  async insert(
    fields: TransmitterFields,
    authorization: string,
    now: Instant,
    tx: Transaction,
  ): Promise<Transmitter | undefined> {
    // The rows are few, and two that are added at once wait for each other here.
    await tx.$executeRaw`LOCK TABLE transmitter IN SHARE ROW EXCLUSIVE MODE`;
    if ((await tx.transmitter.count()) >= maxTransmitters) return undefined;
    const since = new Date(now);
    const [row] = await tx.transmitter.createManyAndReturn({
      data: [
        {
          ...dataOf(fields),
          authorization: this.#close(authorization, fields),
          pollDueAt: since,
          createdAt: since,
          updatedAt: since,
        },
      ],
      skipDuplicates: true,
    });
    if (!row) return undefined;
    await announce(tx);
    return transmitterOf(row);
  }

  /**
   * Replaces this version; undefined where it is another one by now, or gone, and `taken` where another one has that issuer. Without a
   * header it keeps the one it has, which goes to no other address. The transaction cannot go on after `taken`.
   */
  async replace(
    fields: TransmitterFields,
    authorization: string | undefined,
    version: number,
    now: Instant,
    tx: Transaction,
  ): Promise<Transmitter | 'taken' | undefined> {
    const data = {
      ...dataOf(fields),
      ...(authorization === undefined ? {} : { authorization: this.#close(authorization, fields) }),
      pollDueAt: new Date(now),
      pollFailures: 0,
      pollFault: null,
      updatedAt: new Date(now),
      version: { increment: 1 },
    };
    try {
      const [row] = await tx.transmitter.updateManyAndReturn({ where: { id: fields.id, version }, data });
      if (!row) return undefined;
      await announce(tx);
      return transmitterOf(row);
    } catch (error) {
      if (isUniqueViolation(error)) return 'taken';
      throw error;
    }
  }

  /** Deletes this version; false where it is another one by now, or gone. */
  async remove(id: string, version: number, tx: Transaction): Promise<boolean> {
    const gone = await tx.$queryRaw<unknown[]>`
      DELETE FROM transmitter WHERE id = ${id} AND version = ${version} RETURNING 1`;
    if (gone.length === 1) await announce(tx);
    return gone.length === 1;
  }

  /**
   * Whether it is still there and enabled, and stays as it was read until the transaction ends: one that was taken away meanwhile ends nothing.
   * @throws TransmitterChanged
   */
  async hold(transmitter: Transmitter, tx: Transaction): Promise<boolean> {
    const [row] = await tx.$queryRaw<State[]>`
      SELECT version, enabled, created_at AS "createdAt" FROM transmitter WHERE id = ${transmitter.id} FOR SHARE`;
    return isInForce(transmitter, row);
  }

  /** Refuses settings that are not the newest: by them, nothing final can be said of a token. @throws TransmitterChanged */
  async requireNewest(transmitter: Transmitter): Promise<void> {
    const row = await this.prisma.transmitter.findUnique({ where: { id: transmitter.id } });
    isInForce(transmitter, row ?? undefined);
  }

  /** True for the first use of a token; others of the same id at once wait for this transaction. */
  async use(issuer: string, jti: string, expiresAt: Instant, tx: Transaction): Promise<boolean> {
    const used = await tx.$queryRaw<unknown[]>`
      INSERT INTO received_signal (issuer, jti, expires_at) VALUES (${issuer}, ${jti}, ${new Date(expiresAt)})
      ON CONFLICT (issuer, jti) DO NOTHING RETURNING 1`;
    return used.length === 1;
  }

  /** Whether a token of this id has been used, and so is a repetition. */
  async isUsed(issuer: string, jti: string, tx: Transaction): Promise<boolean> {
    return (await tx.receivedSignal.count({ where: { issuer, jti } })) > 0;
  }

  /** Deletes at most `limit` uses of tokens that would be refused by their age by now, and says how many. */
  async prune(now: Instant, limit: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM received_signal WHERE (issuer, jti) IN (
        SELECT issuer, jti FROM received_signal WHERE expires_at <= ${new Date(now)} LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)`;
  }

  #opened(row: Row): OpenedTransmitter | undefined {
    const authorization = this.seal.open(row.authorization, contextOf(row));
    return authorization === undefined ? undefined : { transmitter: transmitterOf(row), authorization };
  }

  #close(authorization: string, fields: TransmitterFields): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.seal.close(authorization, contextOf(fields)));
  }
}

/** One that is there by the same id and is another one is a change, too. @throws TransmitterChanged */
function isInForce({ version, createdAt }: Transmitter, row: State | undefined): boolean {
  if (!row?.enabled) return false;
  if (row.version !== version || row.createdAt.getTime() !== createdAt)
    throw new TransmitterChanged('the transmitter has other settings by now');
  return true;
}

const dataOf = ({ signals, ...rest }: TransmitterFields) => ({ ...rest, signals: [...signals] });

/**
 * A header opens for the issuer and the addresses that it was given for, and a client secret for its client: a row in which one of them was
 * changed has it sent nowhere.
 */
const contextOf = ({
  id,
  issuer,
  endpointUrl,
  tokenEndpoint,
  clientId,
}: Pick<TransmitterFields, 'id' | 'issuer' | 'endpointUrl' | 'tokenEndpoint' | 'clientId'>): string =>
  JSON.stringify([id, issuer, endpointUrl, ...(tokenEndpoint === null ? [] : [tokenEndpoint, clientId])]);

const announce = async (tx: Transaction): Promise<void> => {
  await tx.$executeRaw`SELECT pg_notify(${transmittersChannel}, '')`;
};
