import { accountColumns, accountWidth, hotAccount } from '@curfew/accounts';
import type { EventLog } from '@curfew/events';
import {
  type HotStatement,
  type HotStatements,
  Prisma,
  type PrismaService,
  type Transaction,
} from '@curfew/persistence';
import type { EndReason, Instant } from '@curfew/session-policy';
import { accountEvent, covers } from '@curfew/sessions';
import { hashOfId as hash, type PayloadSeal } from './payload-seal.js';
import type { BrowserSessionPayload, FoundBrowserSession } from './staged-writes.js';

const readBy = (condition: string): string => `
  SELECT ${accountColumns('a')}, b.payload, b.id_hash, (extract(epoch FROM b.signed_in_at) * 1000)::float8, EXISTS (SELECT 1 FROM not_before n
    WHERE ${covers({ account: 'b.account_id::text', at: 'b.signed_in_at' })}) AS killed
  FROM browser_session b LEFT JOIN account a ON a.id = b.account_id WHERE ${condition}`;
const findStatement: HotStatement = { name: 'browser_session_find', text: readBy('b.id_hash = $1') };
const findByUidStatement: HotStatement = { name: 'browser_session_find_by_uid', text: readBy('b.uid = $1') };
/** Why a person is signed out of a browser, and how many sessions went with that. */
export interface SignedOut {
  readonly reason: EndReason;
  readonly sessionsEnded: number;
}

/** Who is signed in with which browser (the cookie holds the id; here only its hash is known). */
export class BrowserSessionStore {
  readonly #prisma: PrismaService;
  readonly #seal: PayloadSeal;
  readonly #events: EventLog;
  readonly #hot: HotStatements;

  constructor(prisma: PrismaService, seal: PayloadSeal, events: EventLog, hot: HotStatements) {
    this.#prisma = prisma;
    this.#seal = seal;
    this.#events = events;
    this.#hot = hot;
  }

  /** The session behind a cookie, unless it was ended for its whole account or for everyone since the sign-in. */
  async find(id: string): Promise<FoundBrowserSession | undefined> {
    return this.#read(findStatement, hash(id));
  }

  /** The session with this uid, under the same condition; an interaction asks whether it is still the same person's. */
  async findByUid(uid: string): Promise<FoundBrowserSession | undefined> {
    return this.#read(findByUidStatement, uid);
  }

  /** Whether the session of this uid is still there; if so, it cannot go before `transaction` has ended. */
  async hold(uid: string, transaction: Transaction | undefined): Promise<boolean> {
    const rows = await (transaction ?? this.#prisma).$queryRaw<unknown[]>`
      SELECT 1 FROM browser_session WHERE uid = ${uid} FOR KEY SHARE`;
    return rows.length === 1;
  }

  /** Forgets the session with this id; where that signs a person out it is told of in the same commit. */
  async remove(id: string, now: Instant, signedOut?: SignedOut): Promise<void> {
    await this.#remove(Prisma.sql`id_hash = ${hash(id)}`, now, signedOut);
  }

  /** Signs an account out of its browsers, except the one named. */
  async removeOfAccount(accountId: string, exceptUid: string | null, now: Instant): Promise<void> {
    const which = Prisma.sql`account_id = ${accountId}::uuid AND uid IS DISTINCT FROM ${exceptUid}`;
    await this.#remove(which, now, { reason: 'ended_by_user', sessionsEnded: 0 });
  }

  async #remove(which: Prisma.Sql, now: Instant, signedOut: SignedOut | undefined): Promise<void> {
    await this.#prisma.$transaction(async (transaction) => {
      const removed = await transaction.$queryRaw<{ account_id: string | null }[]>`
        DELETE FROM browser_session WHERE ${which} RETURNING account_id`;
      const accounts = removed.flatMap(({ account_id }) => account_id ?? []);
      const told = signedOut ? accounts.map((one) => accountEvent(one, 'signin.ended', signedOut, now)) : [];
      await this.#events.record(told, transaction);
    });
  }

  /** Deletes what expired before `before`, a batch at a time; the number deleted. */
  async prune(before: Instant, most: number): Promise<number> {
    return this.#prisma.$executeRaw`
      DELETE FROM browser_session WHERE id_hash IN (
        SELECT id_hash FROM browser_session WHERE expires_at < ${new Date(before)} LIMIT ${most} FOR UPDATE SKIP LOCKED)`;
  }

  async #read(statement: HotStatement, which: Buffer | string): Promise<FoundBrowserSession | undefined> {
    const [row] = await this.#hot.run<[...AccountRow, ...FoundRow]>(statement, [which]);
    if (!row) return undefined;
    const account = row.slice(0, accountWidth) as AccountRow;
    const [sealed, idHash, signedInAt, killed] = row.slice(accountWidth) as FoundRow;
    if (killed) return undefined;
    const payload = this.#seal.open(sealed, Buffer.from(idHash)) as BrowserSessionPayload | undefined;
    if (!payload) return undefined;
    return {
      payload,
      signedInAt: signedInAt === null ? null : (Math.round(signedInAt) as Instant),
      account: account[0] === null ? null : hotAccount(account),
    };
  }
}

type AccountRow = Parameters<typeof hotAccount>[0];
type FoundRow = [payload: Uint8Array, idHash: Uint8Array, signedInAt: number | null, killed: boolean];
