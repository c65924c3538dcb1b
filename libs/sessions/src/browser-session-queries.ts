import { type HotStatement, milliseconds, type PrismaService, type Transaction } from '@curfew/persistence';
import {
  type EndReason,
  type Instant,
  instant,
  type RequestSignals,
  type SessionPolicy,
} from '@curfew/session-policy';
import { deadlines, endOf, type NotBefore, withNotBefores } from '@curfew/session-policy/standing';
import {
  againstBrowser,
  type BrowserSessionColumns,
  browserSessionColumns,
  browserStands,
  readBrowserSession,
  sessionsOfBrowser,
} from './browser-session-row.js';
import type { PolicySource } from './policy-source.js';
import { type PackedSignals, unpackSignals } from './store/session-columns.js';
import type { Retention } from './store/session-store.js';

/** A browser in which somebody is or was signed in, as people and operators see it. */
export interface BrowserSessionSummary {
  readonly uid: string;
  readonly accountId: string;
  /** When the person last proved who they are. */
  readonly signedInAt: Instant;
  readonly lastActiveAt: Instant;
  readonly inactivityDeadline: Instant;
  readonly absoluteDeadline: Instant;
  /** Circumstances of the sign-in; null where a version before this one wrote it. */
  readonly signals: RequestSignals | null;
  /** Its recorded end, or the deadline or mass end that has ended it without a record yet. */
  readonly ended: { readonly at: Instant; readonly reason: EndReason } | null;
  /** By whom it was ended, and what was said about it. */
  readonly endDetail: Readonly<Record<string, unknown>> | null;
}

/** The place from which a list of browsers goes on: the last one seen. */
export interface BrowserSessionPosition {
  readonly signedInAt: Instant;
  readonly uid: string;
}

/** The columns that are read beside those that judge a sign-in. */
type Row = [
  uid: string,
  accountId: string,
  baseline: PackedSignals | null,
  endedAt: number | null,
  endReason: EndReason | null,
  endDetail: Record<string, unknown> | null,
  notBefore: { kind: NotBefore['kind']; at: number; reason: EndReason }[] | null,
  ...BrowserSessionColumns,
];

/**
 * The rows that `which` selects of `browser_session b`, in its order; `which` may begin its parameters at $3. Those that ended at $2 or before
 * are past their retention, and stay for their offline sessions alone (ADR 117).
 */
const readBy = (which: string): string => `
  SELECT b.uid, b.account_id::text AS account_id, b.baseline, ${milliseconds('b.ended_at')} AS ended_at, b.end_reason, b.end_detail,
    (SELECT jsonb_agg(jsonb_build_object('kind', n.kind, 'reason', n.reason, 'at', ${milliseconds('n.at')})) ${againstBrowser}) AS not_before,
    ${browserSessionColumns}
  FROM (SELECT b.* FROM browser_session b WHERE b.signed_in_at IS NOT NULL AND (b.ended_at IS NULL OR b.ended_at > to_timestamp($2::float8 / 1000))
    AND ${which}) b, ${sessionsOfBrowser('to_timestamp($1::float8 / 1000)')}
  ORDER BY b.signed_in_at DESC, b.uid DESC`;

const latestFirst = 'ORDER BY b.signed_in_at DESC, b.uid DESC';
const findStatement = { name: 'browser_session_show', text: readBy('b.uid = $3') };
const listStatement = {
  name: 'browser_session_list',
  text: readBy(`b.account_id = $3::uuid ${latestFirst} LIMIT $4::int`),
};
const liveStatement = {
  name: 'browser_session_list_live',
  text: readBy(`b.account_id = $3::uuid AND ${browserStands} ${latestFirst} LIMIT $4::int`),
};
const goOnStatement = {
  name: 'browser_session_list_after',
  text: readBy(`b.account_id = $3::uuid AND (b.signed_in_at, b.uid) < (to_timestamp($5::float8 / 1000), $6::text)
    ${latestFirst} LIMIT $4::int`),
};

/** Reading browser sessions for people and operators, those that ended as long as ended sessions are kept; decides nothing and changes nothing. */
export class BrowserSessionQueries {
  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicySource,
    private readonly retention: Retention,
  ) {}

  /** The browsers an account is signed in with at `now`, the latest sign-in first; those beyond the bound come up when others end. */
  async liveOfAccount(accountId: string, now: Instant): Promise<readonly BrowserSessionSummary[]> {
    const found = await this.#read(liveStatement, now, [accountId, maxListed]);
    return found.filter(({ ended }) => ended === null);
  }

  /** Browsers of an account, live and ended, the latest sign-in first; `after` is where an earlier list stopped. */
  async ofAccount(
    accountId: string,
    after: BrowserSessionPosition | null,
    most: number,
    now: Instant,
  ): Promise<readonly BrowserSessionSummary[]> {
    const asked = [accountId, most] as const;
    if (after === null) return this.#read(listStatement, now, asked);
    return this.#read(goOnStatement, now, [...asked, after.signedInAt, after.uid]);
  }

  /** One browser session, live or ended. */
  async find(uid: string, now: Instant): Promise<BrowserSessionSummary | undefined> {
    const [found] = await this.#read(findStatement, now, [uid]);
    return found;
  }

  /**
   * All browsers in which somebody signed in by way of one of these sessions at another identity provider, as far as they stand. A provider
   * that names no sessions in its ID tokens says the same of every browser of a person, and nobody asks again for those that were left out.
   * With an account, only those of that account.
   */
  async ofUpstream(
    keys: readonly string[],
    transaction: Transaction,
    accountId: string | null = null,
  ): Promise<readonly string[]> {
    const found: string[] = [];
    for (let last: string | undefined = ''; last !== undefined; ) {
      const rows: { uid: string }[] = await transaction.$queryRaw`
        SELECT uid FROM browser_session
        WHERE upstream && ${[...keys]}::text[] AND upstream IS NOT NULL AND ended_at IS NULL AND uid > ${last}
          AND (${accountId}::uuid IS NULL OR account_id = ${accountId}::uuid)
        ORDER BY uid LIMIT ${browsersAtOnce}`;
      found.push(...rows.map(({ uid }) => uid));
      last = rows.length < browsersAtOnce ? undefined : found.at(-1);
    }
    return found;
  }

  /**
   * The sessions that outlived such a browser: those that are offline, after a sign-out here or a deadline. The row of the browser leads to them
   * as long as it is kept.
   */
  async leftOfUpstream(
    keys: readonly string[],
    transaction: Transaction,
    accountId: string | null = null,
  ): Promise<readonly string[]> {
    const rows: { id: string }[] = await transaction.$queryRaw`
      SELECT s.id::text FROM browser_session b JOIN session s ON s.browser_session_uid = b.uid AND s.account_id = b.account_id
      WHERE b.upstream && ${[...keys]}::text[] AND b.upstream IS NOT NULL AND b.ended_at IS NOT NULL AND s.ended_at IS NULL
        AND (${accountId}::uuid IS NULL OR s.account_id = ${accountId}::uuid)
      ORDER BY s.id`;
    return rows.map(({ id }) => id);
  }

  async #read(
    statement: HotStatement,
    now: Instant,
    values: readonly unknown[],
  ): Promise<readonly BrowserSessionSummary[]> {
    const forgotten = now - this.retention.ended * 1_000;
    const rows = await this.prisma.run<Row>(statement, [now, forgotten, ...values]);
    const policy = await this.policies.everyones();
    return rows.flatMap((row) => summaryOf(row, policy, now) ?? []);
  }
}

/** The most browsers that one list shows. */
const maxListed = 200;

/** The browsers of one session elsewhere that one statement reads. */
const browsersAtOnce = 1_000;

function summaryOf(row: Row, policy: SessionPolicy, now: Instant): BrowserSessionSummary | null {
  const [uid, accountId, baseline, endedAt, reason, endDetail, notBefore, ...columns] = row;
  const signIn = readBrowserSession(columns);
  if (!signIn) return null;
  const ended = endedAt !== null && reason ? { at: moment(endedAt), reason } : null;
  const entries = (notBefore ?? []).map((entry) => ({ ...entry, at: moment(entry.at) }));
  const session = withNotBefores({ ...signIn, ended }, entries);
  const { idle, absolute } = deadlines(session, policy);
  return {
    uid,
    accountId,
    signedInAt: session.signedInAt,
    lastActiveAt: session.lastActiveAt,
    inactivityDeadline: idle,
    absoluteDeadline: absolute,
    signals: baseline && unpackSignals(baseline),
    ended: endOf(session, policy, now),
    endDetail,
  };
}

const moment = (value: number): Instant => instant(Math.round(value));
