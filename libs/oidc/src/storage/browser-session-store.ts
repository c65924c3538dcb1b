import { createHash } from 'node:crypto';
import { Prisma, type PrismaService, type Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import type { PayloadSeal } from './artifact-store.js';

const hash = (id: string): Buffer => createHash('sha256').update(id).digest();

/** The part of a browser session that the database needs to see. */
export interface BrowserSessionPayload extends Record<string, unknown> {
  readonly uid?: string;
  readonly accountId?: string;
  readonly loginTs?: number;
}

/** Who is signed in with which browser (the cookie holds the id; here only its hash is known). */
export class BrowserSessionStore {
  readonly #prisma: PrismaService;
  readonly #seal: PayloadSeal;

  constructor(prisma: PrismaService, seal: PayloadSeal) {
    this.#prisma = prisma;
    this.#seal = seal;
  }

  /**
   * Writes the session. `signedInAt` moves only when somebody signs in anew, so that a not-before entry can be compared
   * with it. One that `existed` when the request began and is gone now was ended meanwhile, and stays ended.
   */
  async save(
    id: string,
    payload: BrowserSessionPayload,
    now: Instant,
    expiresAt: Instant,
    existed: boolean,
  ): Promise<void> {
    const idHash = hash(id);
    const previous = await this.#previousSignIn(payload);
    const signedIn = payload.accountId === undefined ? null : (previous ?? new Date(now));
    // A session gets a new id at every sign-in (fixation); the row is the person's, so it follows by uid.
    if (existed) {
      await this.#prisma.$executeRaw`
        UPDATE browser_session SET id_hash = ${idHash}, account_id = ${payload.accountId ?? null}::uuid,
          payload = ${this.#seal.close(payload, idHash)}, signed_in_at = ${signedIn}, expires_at = ${new Date(expiresAt)}
        WHERE uid = ${payload.uid}`;
      return;
    }
    await this.#prisma.$executeRaw`
      INSERT INTO browser_session (id_hash, uid, account_id, payload, signed_in_at, expires_at)
      VALUES (${idHash}, ${payload.uid}, ${payload.accountId ?? null}::uuid, ${this.#seal.close(payload, idHash)}, ${signedIn}, ${new Date(expiresAt)})
      ON CONFLICT (uid) DO UPDATE SET id_hash = excluded.id_hash, account_id = excluded.account_id, payload = excluded.payload,
        signed_in_at = excluded.signed_in_at, expires_at = excluded.expires_at`;
  }

  /** The session behind a cookie, unless it was ended for its whole account or for everyone since the sign-in. */
  async find(id: string): Promise<BrowserSessionPayload | undefined> {
    return this.#read(Prisma.sql`b.id_hash = ${hash(id)}`);
  }

  /** The session with this uid, under the same condition; an interaction asks whether it is still the same person's. */
  async findByUid(uid: string): Promise<BrowserSessionPayload | undefined> {
    return this.#read(Prisma.sql`b.uid = ${uid}`);
  }

  /** Whether the session of this uid is still there; if so, it cannot go before `transaction` has ended. */
  async hold(uid: string, transaction: Transaction | undefined): Promise<boolean> {
    const rows = await (transaction ?? this.#prisma).$queryRaw<unknown[]>`
      SELECT 1 FROM browser_session WHERE uid = ${uid} FOR KEY SHARE`;
    return rows.length === 1;
  }

  /** Forgets the session with this id. */
  async remove(id: string): Promise<void> {
    await this.#prisma.$executeRaw`DELETE FROM browser_session WHERE id_hash = ${hash(id)}`;
  }

  /** Signs an account out of its browsers, except the one named. */
  async removeOfAccount(accountId: string, exceptUid: string | null): Promise<void> {
    await this.#prisma.$executeRaw`
      DELETE FROM browser_session WHERE account_id = ${accountId}::uuid AND uid IS DISTINCT FROM ${exceptUid}`;
  }

  /** Deletes what expired before `before`, a batch at a time; the number deleted. */
  async prune(before: Instant, most: number): Promise<number> {
    return this.#prisma.$executeRaw`
      DELETE FROM browser_session WHERE id_hash IN (
        SELECT id_hash FROM browser_session WHERE expires_at < ${new Date(before)} LIMIT ${most} FOR UPDATE SKIP LOCKED)`;
  }

  async #read(which: Prisma.Sql): Promise<BrowserSessionPayload | undefined> {
    const rows = await this.#prisma.$queryRaw<
      { payload: Uint8Array; id_hash: Uint8Array; killed: boolean }[]
    >`
      SELECT b.payload, b.id_hash, EXISTS (SELECT 1 FROM not_before n WHERE n.at >= b.signed_in_at
        AND (n.kind, n.target) IN (('account', b.account_id::text), ('everyone', ''))) AS killed
      FROM browser_session b WHERE ${which}`;
    const row = rows[0];
    if (!row || row.killed) return undefined;
    return this.#seal.open(row.payload, Buffer.from(row.id_hash)) as BrowserSessionPayload | undefined;
  }

  async #previousSignIn(payload: BrowserSessionPayload): Promise<Date | null> {
    const rows = await this.#prisma.$queryRaw<
      { signed_in_at: Date | null; payload: Uint8Array; id_hash: Uint8Array }[]
    >`
      SELECT signed_in_at, payload, id_hash FROM browser_session WHERE uid = ${payload.uid} AND account_id = ${payload.accountId ?? null}::uuid`;
    const row = rows[0];
    if (!row) return null;
    const stored = this.#seal.open(row.payload, Buffer.from(row.id_hash)) as
      | BrowserSessionPayload
      | undefined;
    return stored?.loginTs === payload.loginTs ? row.signed_in_at : null;
  }
}
