import { isUniqueViolation, type PrismaService, type Transaction } from '@curfew/persistence';
import { type Instant, instant, plus, seconds } from '@curfew/session-policy';
import type { SecretSeal } from '../delivery/webhook.js';
import type { OpenedTransmitter, Signal, Transmitter, TransmitterFields } from './transmitter.js';

/** The NOTIFY channel on which changes of transmitters are announced to the processes that hear them. */
export const transmittersChannel = 'curfew_transmitters';

/** Transmitters that are kept at most. */
export const maxTransmitters = 50;
/** Seconds for which a node has a transmitter for itself while it polls it. */
const pollLease = 120;
/** Seconds after a failed poll; they double with each further one. */
const firstPause = 10;
const longestPause = 600;

type Row = NonNullable<Awaited<ReturnType<PrismaService['transmitter']['findUnique']>>>;

const at = (date: Date): Instant => instant(date.getTime());

const transmitterOf = ({ authorization: _, pollDueAt: __, ...row }: Row): Transmitter => ({
  ...row,
  delivery: row.delivery as Transmitter['delivery'],
  signals: row.signals as Signal[],
  polledAt: row.polledAt && at(row.polledAt),
  createdAt: at(row.createdAt),
  updatedAt: at(row.updatedAt),
});

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

  /** Those that push and are enabled, with their headers; one whose header does not open any more is left out. */
  async pushing(): Promise<readonly OpenedTransmitter[]> {
    const rows = await this.prisma.transmitter.findMany({
      where: { delivery: 'push', enabled: true },
      orderBy: { id: 'asc' },
      take: maxTransmitters,
    });
    return rows.flatMap((row) => this.#opened(row) ?? []);
  }

  /** Takes one that is due to be polled for this node alone; undefined where none is. */
  async claim(now: Instant): Promise<OpenedTransmitter | undefined> {
    const [claimed] = await this.prisma.$queryRaw<{ id: string }[]>`
      UPDATE transmitter SET poll_due_at = ${new Date(plus(now, seconds(pollLease)))} WHERE id = (
        SELECT id FROM transmitter WHERE delivery = 'poll' AND enabled AND poll_due_at <= ${new Date(now)}
        ORDER BY poll_due_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id`;
    if (!claimed) return undefined;
    const row = await this.prisma.transmitter.findUnique({ where: { id: claimed.id } });
    const opened = row && this.#opened(row);
    if (!opened) await this.polled(claimed.id, 'its header cannot be opened', now, 0);
    return opened ?? undefined;
  }

  /** Notes how a poll went; the next one is due after `pauseMs`, or later where it failed. */
  async polled(id: string, fault: string | null, now: Instant, pauseMs: number): Promise<void> {
    if (fault === null) {
      await this.prisma.$executeRaw`
        UPDATE transmitter SET poll_due_at = ${new Date(now + pauseMs)}, polled_at = ${new Date(now)}, poll_failures = 0, poll_fault = NULL
        WHERE id = ${id}`;
      return;
    }
    await this.prisma.$executeRaw`
      UPDATE transmitter SET poll_failures = poll_failures + 1, poll_fault = ${fault},
        poll_due_at = ${new Date(now)}::timestamptz + make_interval(secs => LEAST(${longestPause}::int, ${firstPause}::int * 2 ^ LEAST(poll_failures, 10)))
      WHERE id = ${id}`;
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

  /** Whether it is still as it was read, and stays so until the transaction ends: one that was taken away meanwhile ends nothing. */
  async hold({ id, version }: Transmitter, tx: Transaction): Promise<boolean> {
    const held = await tx.$queryRaw<unknown[]>`
      SELECT 1 FROM transmitter WHERE id = ${id} AND version = ${version} AND enabled FOR SHARE`;
    return held.length === 1;
  }

  /** True for the first use of a token; others of the same id at once wait for this transaction. */
  async use(issuer: string, jti: string, expiresAt: Instant, tx: Transaction): Promise<boolean> {
    const used = await tx.$queryRaw<unknown[]>`
      INSERT INTO received_signal (issuer, jti, expires_at) VALUES (${issuer}, ${jti}, ${new Date(expiresAt)})
      ON CONFLICT (issuer, jti) DO NOTHING RETURNING 1`;
    return used.length === 1;
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

const dataOf = ({ signals, ...rest }: TransmitterFields) => ({ ...rest, signals: [...signals] });

/** A header opens for the issuer and the address that it was given for: a row whose address was changed has it sent nowhere. */
const contextOf = ({
  id,
  issuer,
  endpointUrl,
}: Pick<TransmitterFields, 'id' | 'issuer'> & { readonly endpointUrl: string | null }): string =>
  JSON.stringify([id, issuer, endpointUrl]);

const announce = async (tx: Transaction): Promise<void> => {
  await tx.$executeRaw`SELECT pg_notify(${transmittersChannel}, '')`;
};
