import { createHash } from 'node:crypto';
import type { EventLog } from '@curfew/events';
import {
  type HotStatement,
  type HotStatements,
  Prisma,
  type PrismaService,
  type Transaction,
} from '@curfew/persistence';
import type { EndReason, Instant, RequestSignals } from '@curfew/session-policy';
import { accountEvent } from '@curfew/sessions';
import type { PayloadSeal } from './artifact-store.js';

const hash = (id: string): Buffer => createHash('sha256').update(id).digest();

const readBy = (condition: string): string => `
  SELECT b.payload, b.id_hash, EXISTS (SELECT 1 FROM not_before n WHERE n.at >= b.signed_in_at
    AND (n.kind, n.target) IN (('account', b.account_id::text), ('everyone', ''))) AS killed
  FROM browser_session b WHERE ${condition}`;
const findStatement: HotStatement = { name: 'browser_session_find', text: readBy('b.id_hash = $1') };
const findByUidStatement: HotStatement = { name: 'browser_session_find_by_uid', text: readBy('b.uid = $1') };
const endedSinceStatement: HotStatement = {
  name: 'account_ended_since',
  text: `SELECT 1 FROM not_before WHERE at >= $2 AND (kind, target) IN (('account', $1), ('everyone', ''))`,
};
const previousSignInStatement: HotStatement = {
  name: 'browser_session_previous',
  text: 'SELECT signed_in_at, payload, id_hash FROM browser_session WHERE uid = $1 AND account_id = $2::uuid',
};

/** The part of a browser session that the database needs to see. */
export interface BrowserSessionPayload extends Record<string, unknown> {
  readonly uid?: string;
  readonly accountId?: string;
  readonly loginTs?: number;
  readonly acr?: string;
  readonly amr?: readonly string[];
}

/** When and from where a browser session is written. */
export interface SavedBy {
  readonly now: Instant;
  readonly expiresAt: Instant;
  readonly signals: RequestSignals;
  /** Whether it was there when the request began. */
  readonly existed: boolean;
}

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

  /**
   * Writes the session. `signedInAt` moves only when somebody signs in anew, so that a not-before entry can be compared
   * with it; that sign-in is told of in the same commit.
   */
  async save(id: string, payload: BrowserSessionPayload, by: SavedBy): Promise<void> {
    const previous = await this.#previousSignIn(payload);
    const { accountId } = payload;
    if (accountId === undefined) {
      await this.#write(this.#prisma, id, payload, null, by);
    } else if (previous) {
      await this.#write(this.#prisma, id, payload, previous, by);
    } else {
      const { acr = null, amr = [] } = payload;
      const signedIn = accountEvent(accountId, 'signin.succeeded', { acr, amr, signals: by.signals }, by.now);
      await this.#prisma.$transaction(async (transaction) => {
        const written = await this.#write(transaction, id, payload, new Date(by.now), by);
        if (written) await this.#events.record([signedIn], transaction);
      });
    }
  }

  /** False for one that existed when the request began and is gone now: it was ended meanwhile, and stays ended. */
  async #write(
    database: Pick<Transaction, '$executeRaw'>,
    id: string,
    payload: BrowserSessionPayload,
    signedIn: Date | null,
    { expiresAt, existed }: SavedBy,
  ): Promise<boolean> {
    const idHash = hash(id);
    // A session gets a new id at every sign-in (fixation); the row is the person's, so it follows by uid.
    if (existed) {
      const changed = await database.$executeRaw`
        UPDATE browser_session SET id_hash = ${idHash}, account_id = ${payload.accountId ?? null}::uuid,
          payload = ${this.#seal.close(payload, idHash)}, signed_in_at = ${signedIn}, expires_at = ${new Date(expiresAt)}
        WHERE uid = ${payload.uid}`;
      return changed === 1;
    }
    await database.$executeRaw`
      INSERT INTO browser_session (id_hash, uid, account_id, payload, signed_in_at, expires_at)
      VALUES (${idHash}, ${payload.uid}, ${payload.accountId ?? null}::uuid, ${this.#seal.close(payload, idHash)}, ${signedIn}, ${new Date(expiresAt)})
      ON CONFLICT (uid) DO UPDATE SET id_hash = excluded.id_hash, account_id = excluded.account_id, payload = excluded.payload,
        signed_in_at = excluded.signed_in_at, expires_at = excluded.expires_at`;
    return true;
  }

  /** The session behind a cookie, unless it was ended for its whole account or for everyone since the sign-in. */
  async find(id: string): Promise<BrowserSessionPayload | undefined> {
    return this.#read(findStatement, hash(id));
  }

  /** The session with this uid, under the same condition; an interaction asks whether it is still the same person's. */
  async findByUid(uid: string): Promise<BrowserSessionPayload | undefined> {
    return this.#read(findByUidStatement, uid);
  }

  /** Whether everything of the account, or of everyone, was ended at `provedAt` or later. */
  async isOver(accountId: string, provedAt: Instant): Promise<boolean> {
    return (await this.#hot.run(endedSinceStatement, [accountId, new Date(provedAt)])).length > 0;
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

  async #read(statement: HotStatement, which: Buffer | string): Promise<BrowserSessionPayload | undefined> {
    const [row] = await this.#hot.run<[payload: Uint8Array, idHash: Uint8Array, killed: boolean]>(statement, [
      which,
    ]);
    if (!row?.[0] || row[2]) return undefined;
    return this.#seal.open(row[0], Buffer.from(row[1])) as BrowserSessionPayload | undefined;
  }

  async #previousSignIn(payload: BrowserSessionPayload): Promise<Date | null> {
    const values = [payload.uid, payload.accountId ?? null];
    const [row] = await this.#hot.run<[signedInAt: Date | null, payload: Uint8Array, idHash: Uint8Array]>(
      previousSignInStatement,
      values,
    );
    if (!row) return null;
    const stored = this.#seal.open(row[1], Buffer.from(row[2])) as BrowserSessionPayload | undefined;
    return stored?.loginTs === payload.loginTs ? row[0] : null;
  }
}
