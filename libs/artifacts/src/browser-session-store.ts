import { accountColumns, accountWidth, hotAccount } from '@curfew/accounts';
import type { HotStatement, HotStatements, PrismaService, Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import {
  type BrowserSessionColumns,
  browserSessionColumns,
  holdBrowser,
  isCovered,
  ofBrowser,
  readBrowserSession,
  sessionsOfBrowser,
} from '@curfew/sessions/statements';
import { hashOfId as hash, type PayloadSeal } from '@curfew/tokens';
import type { BrowserSessionPayload, FoundBrowserSession } from './staged-writes.js';

/** A browser's row, its account, and what the sessions that came of it say. */
const readBy = (condition: string): string => `
  SELECT ${accountColumns('a')}, b.payload, b.id_hash, ${isCovered(ofBrowser)} AS covered, ${browserSessionColumns}
  FROM browser_session b LEFT JOIN account a ON a.id = b.account_id, ${sessionsOfBrowser('to_timestamp($2::float8 / 1000)')}
  WHERE ${condition} AND b.ended_at IS NULL`;
const findStatement: HotStatement = { name: 'browser_session_find', text: readBy('b.id_hash = $1') };
const findByUidStatement: HotStatement = { name: 'browser_session_find_by_uid', text: readBy('b.uid = $1') };

const touchStatement: HotStatement = {
  name: 'browser_session_touch',
  text: `
    UPDATE browser_session SET last_active_at = GREATEST(last_active_at, to_timestamp($2::float8 / 1000)),
      expires_at = GREATEST(expires_at, to_timestamp($3::float8 / 1000))
    WHERE uid = $1 AND ended_at IS NULL`,
};

/** The browser session of uid $1, held at the instant $2 for the client $3. */
const holdText = holdBrowser({ uid: '$1', now: 'to_timestamp($2::float8 / 1000)', client: '$3' });

/** The accounts that are signed in, by browser. The cookie holds the id; only its hash is known here. */
export class BrowserSessionStore {
  readonly #prisma: PrismaService;
  readonly #seal: PayloadSeal;
  readonly #hot: HotStatements;

  constructor(prisma: PrismaService, seal: PayloadSeal, hot: HotStatements) {
    this.#prisma = prisma;
    this.#seal = seal;
    this.#hot = hot;
  }

  /** The session behind a cookie, unless it was ended, for itself, for its whole account or for everyone since the sign-in. */
  async find(id: string, now: Instant): Promise<FoundBrowserSession | undefined> {
    return this.#read(findStatement, hash(id), now);
  }

  /** The session with this uid, under the same condition; an interaction asks whether it is still the same person's. */
  async findByUid(uid: string, now: Instant): Promise<FoundBrowserSession | undefined> {
    return this.#read(findByUidStatement, uid, now);
  }

  /** Notes that the person acted at `now`; nothing brings back what has ended. */
  async touch(uid: string, now: Instant, expiresAt: Instant): Promise<void> {
    await this.#hot.run(touchStatement, [uid, now, expiresAt]);
  }

  /**
   * Whether the session of this uid stands and may still answer this client: a code that was made while an end was under way is asked what the
   * authorization request would be asked after it. If so, it cannot end before `transaction` has.
   */
  async hold(
    uid: string,
    clientId: string,
    now: Instant,
    transaction: Transaction | undefined,
  ): Promise<boolean> {
    const database = transaction ?? this.#prisma;
    const rows = await database.$queryRawUnsafe<unknown[]>(holdText, uid, now, clientId);
    return rows.length === 1;
  }

  /** Forgets a session with which nobody is signed out. */
  async remove(id: string): Promise<void> {
    await this.#prisma
      .$executeRaw`DELETE FROM browser_session WHERE id_hash = ${hash(id)} AND ended_at IS NULL`;
  }

  async #read(
    statement: HotStatement,
    which: Buffer | string,
    now: Instant,
  ): Promise<FoundBrowserSession | undefined> {
    const [row] = await this.#hot.run<[...AccountRow, ...FoundRow]>(statement, [which, now]);
    if (!row) return undefined;
    const account = row.slice(0, accountWidth) as AccountRow;
    const [sealed, idHash, isCovered, ...columns] = row.slice(accountWidth) as FoundRow;
    if (isCovered) return undefined;
    const payload = this.#seal.open(sealed, Buffer.from(idHash)) as BrowserSessionPayload | undefined;
    if (!payload) return undefined;
    return {
      payload,
      signIn: readBrowserSession(columns),
      account: account[0] === null ? null : hotAccount(account),
    };
  }
}

type AccountRow = Parameters<typeof hotAccount>[0];
type FoundRow = [payload: Uint8Array, idHash: Uint8Array, isCovered: boolean, ...BrowserSessionColumns];
