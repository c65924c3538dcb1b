import { accountColumns, accountWidth, hotAccount } from '@curfew/accounts';
import type { HotStatement, HotStatements, PrismaService, Transaction } from '@curfew/persistence';
import { type BrowserSession, type Instant, instant, latest, seconds } from '@curfew/session-policy';
import { covers } from '@curfew/sessions';
import { hashOfId as hash, type PayloadSeal } from './payload-seal.js';
import type { BrowserSessionPayload, FoundBrowserSession } from './staged-writes.js';

const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;

/**
 * A browser's row, its account, and what the sessions that came of it say: when one was last active beyond its start, which may have been
 * silent; the last step-up that is outstanding; and, by client, whether the latest to end by inactivity has been followed by one that stands.
 */
const readBy = (condition: string): string => `
  SELECT ${accountColumns('a')}, b.payload, b.id_hash, ${ms('b.signed_in_at')}, ${ms('b.last_active_at')}, b.inactivity_timeout,
    ${ms('b.absolute_deadline')}, ${ms('came.active_at')}, ${ms('came.step_up_at')}, came.silent_for,
    EXISTS (SELECT 1 FROM not_before n WHERE ${covers({ account: 'b.account_id::text', at: 'b.signed_in_at' })}) AS killed
  FROM browser_session b LEFT JOIN account a ON a.id = b.account_id, LATERAL (
    SELECT max(c.active_at) AS active_at, max(c.step_up_at) AS step_up_at,
      max(c.silent_for) FILTER (WHERE c.standing_since IS NULL OR c.standing_since < c.silent_since) AS silent_for
    FROM (
      SELECT max(s.last_active_at) FILTER (WHERE s.last_active_at > s.signed_in_at) AS active_at,
        max(s.step_up_required_at) FILTER (WHERE s.stepped_up_at IS NULL OR s.stepped_up_at < s.step_up_required_at) AS step_up_at,
        max(s.started_at) FILTER (WHERE s.ended_at IS NULL AND s.expires_at > w.now) AS standing_since,
        max(s.started_at) FILTER (WHERE w.is_silent) AS silent_since, max(s.inactivity_timeout) FILTER (WHERE w.is_silent) AS silent_for
      FROM session s, LATERAL (
        SELECT to_timestamp($2::float8 / 1000) AS now, LEAST(s.ended_at, s.expires_at) > b.signed_in_at AND CASE
          WHEN s.ended_at IS NULL THEN s.expires_at <= to_timestamp($2::float8 / 1000) AND s.expires_at < s.absolute_deadline
          ELSE s.end_reason = 'inactivity_timeout' END AS is_silent
      ) w
      WHERE s.browser_session_uid = b.uid AND s.account_id = b.account_id GROUP BY s.client_id
    ) c
  ) came
  WHERE ${condition} AND b.ended_at IS NULL`;
const findStatement: HotStatement = { name: 'browser_session_find', text: readBy('b.id_hash = $1') };
const findByUidStatement: HotStatement = { name: 'browser_session_find_by_uid', text: readBy('b.uid = $1') };

/** Who is signed in with which browser (the cookie holds the id; here only its hash is known). */
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

  /** Whether the session of this uid has not ended; if so, it cannot end before `transaction` has. */
  async hold(uid: string, transaction: Transaction | undefined): Promise<boolean> {
    const rows = await (transaction ?? this.#prisma).$queryRaw<unknown[]>`
      SELECT 1 FROM browser_session WHERE uid = ${uid} AND ended_at IS NULL FOR KEY SHARE`;
    return rows.length === 1;
  }

  /** Forgets a session with which nobody is signed out. */
  async remove(id: string): Promise<void> {
    await this.#prisma
      .$executeRaw`DELETE FROM browser_session WHERE id_hash = ${hash(id)} AND ended_at IS NULL`;
  }

  /** Deletes what expired before `before`, a batch at a time; the number deleted. */
  async prune(before: Instant, most: number): Promise<number> {
    return this.#prisma.$executeRaw`
      DELETE FROM browser_session WHERE id_hash IN (
        SELECT id_hash FROM browser_session WHERE expires_at < ${new Date(before)} LIMIT ${most} FOR UPDATE SKIP LOCKED)`;
  }

  async #read(
    statement: HotStatement,
    which: Buffer | string,
    now: Instant,
  ): Promise<FoundBrowserSession | undefined> {
    const [row] = await this.#hot.run<[...AccountRow, ...FoundRow]>(statement, [which, now]);
    if (!row) return undefined;
    const account = row.slice(0, accountWidth) as AccountRow;
    const found = row.slice(accountWidth) as FoundRow;
    const [sealed, idHash] = found;
    const isKilled = found[9];
    if (isKilled) return undefined;
    const payload = this.#seal.open(sealed, Buffer.from(idHash)) as BrowserSessionPayload | undefined;
    if (!payload) return undefined;
    return { payload, signIn: signInOf(found), account: account[0] === null ? null : hotAccount(account) };
  }
}

type AccountRow = Parameters<typeof hotAccount>[0];
type FoundRow = [
  payload: Uint8Array,
  idHash: Uint8Array,
  signedInAt: number | null,
  lastActiveAt: number | null,
  inactivityTimeout: number | null,
  absoluteDeadline: number | null,
  sessionsActiveAt: number | null,
  stepUpRequiredAt: number | null,
  silentFor: number | null,
  killed: boolean,
];

/** A row of an older version has no limits of its own: only the policy in force bounds it. */
const unlimited = Number.MAX_SAFE_INTEGER;

const moment = (value: number): Instant => instant(Math.round(value));

function signInOf(row: FoundRow): BrowserSession | null {
  const [, , provedAt, actedAt, inactivityTimeout, absoluteDeadline, activeAt, stepUpAt, silentFor] = row;
  if (provedAt === null) return null;
  return {
    signedInAt: moment(provedAt),
    authenticatedAt: null,
    lastActiveAt: latest(moment(actedAt ?? provedAt), moment(activeAt ?? provedAt)),
    inactivityTimeout: seconds(inactivityTimeout ?? unlimited),
    absoluteDeadline: moment(absoluteDeadline ?? unlimited),
    // The row's own deadline knows nothing of what the sessions did: silence is counted from the last activity alone.
    expiresAt: moment(absoluteDeadline ?? unlimited),
    stepUpRequiredAt: stepUpAt === null ? null : moment(stepUpAt),
    silentFor: silentFor === null ? null : seconds(silentFor),
    ended: null,
  };
}
