import { Prisma, type PrismaService } from '@curfew/persistence';
import {
  deadlines,
  type EndReason,
  endOf,
  type Instant,
  instant,
  latest,
  type NotBefore,
  type RequestSignals,
  type SessionPolicy,
  seconds,
  type TimedSession,
  withNotBefores,
} from '@curfew/session-policy';
import type { PolicySource } from './policy-source.js';
import { type PackedSignals, unpackSignals } from './store/packed-columns.js';
import { atDate as at } from './store/session-row.js';

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

/** Where a list of browsers goes on: the last one seen. */
export interface BrowserSessionPosition {
  readonly signedInAt: Instant;
  readonly uid: string;
}

interface Row {
  uid: string;
  account_id: string;
  signed_in_at: Date;
  last_active_at: Date | null;
  sessions_active_at: Date | null;
  inactivity_timeout: number | null;
  absolute_deadline: Date | null;
  baseline: PackedSignals | null;
  ended_at: Date | null;
  end_reason: EndReason | null;
  end_detail: Record<string, unknown> | null;
  not_before: { kind: NotBefore['kind']; at: number; reason: EndReason }[] | null;
}

/** Reading browser sessions for people and operators; decides nothing and changes nothing. */
export class BrowserSessionQueries {
  constructor(
    private readonly prisma: PrismaService,
    private readonly policies: PolicySource,
  ) {}

  /** The browsers an account is signed in with at `now`, the latest sign-in first. */
  async liveOfAccount(accountId: string, now: Instant): Promise<readonly BrowserSessionSummary[]> {
    const found = await this.ofAccount(accountId, null, maxListed, now);
    return found.filter(({ ended }) => ended === null);
  }

  /** Browsers of an account, live and ended, the latest sign-in first; `after` is where an earlier list stopped. */
  async ofAccount(
    accountId: string,
    after: BrowserSessionPosition | null,
    most: number,
    now: Instant,
  ): Promise<readonly BrowserSessionSummary[]> {
    const beyond = after
      ? Prisma.sql`AND (b.signed_in_at, b.uid) < (${at(after.signedInAt)}, ${after.uid})`
      : Prisma.empty;
    return this.#read(
      Prisma.sql`b.account_id = ${accountId}::uuid ${beyond} ORDER BY b.signed_in_at DESC, b.uid DESC LIMIT ${most}`,
      now,
    );
  }

  /** One browser session, live or ended. */
  async find(uid: string, now: Instant): Promise<BrowserSessionSummary | undefined> {
    const [found] = await this.#read(Prisma.sql`b.uid = ${uid} AND b.account_id IS NOT NULL`, now);
    return found;
  }

  /** Activity of the sessions that came of a browser is activity of its person, unless it is their start, which may have been silent. */
  async #read(which: Prisma.Sql, now: Instant): Promise<readonly BrowserSessionSummary[]> {
    const rows = await this.prisma.$queryRaw<Row[]>`
      SELECT b.uid, b.account_id::text AS account_id, b.signed_in_at, b.last_active_at, b.inactivity_timeout, b.absolute_deadline, b.baseline,
        b.ended_at, b.end_reason, b.end_detail,
        (SELECT max(s.last_active_at) FROM session s WHERE s.browser_session_uid = b.uid AND s.account_id = b.account_id
          AND s.last_active_at > s.signed_in_at) AS sessions_active_at,
        (SELECT jsonb_agg(jsonb_build_object('kind', n.kind, 'reason', n.reason, 'at', floor(extract(epoch FROM n.at) * 1000)))
          FROM not_before n WHERE n.at >= b.signed_in_at AND (n.kind, n.target) IN (('account', b.account_id::text), ('everyone', ''))) AS not_before
      FROM browser_session b WHERE b.signed_in_at IS NOT NULL AND ${which}`;
    const policy = await this.policies.everyones();
    return rows.map((row) => summaryOf(row, policy, now));
  }
}

/** The most browsers that one list shows. */
const maxListed = 200;

/** A row of an earlier version has no limits of its own: only the policy in force bounds it. */
const unlimited = Number.MAX_SAFE_INTEGER;

function summaryOf(row: Row, policy: SessionPolicy, now: Instant): BrowserSessionSummary {
  const session = withNotBefores(timesOf(row), notBeforesOf(row));
  const { idle, absolute } = deadlines(session, policy);
  return {
    uid: row.uid,
    accountId: row.account_id,
    signedInAt: session.signedInAt,
    lastActiveAt: session.lastActiveAt,
    inactivityDeadline: idle,
    absoluteDeadline: absolute,
    signals: row.baseline && unpackSignals(row.baseline),
    ended: endOf(session, policy, now),
    endDetail: row.end_detail,
  };
}

const moment = (value: Date): Instant => instant(value.getTime());

function timesOf(row: Row): TimedSession {
  const signedInAt = moment(row.signed_in_at);
  const absoluteDeadline = row.absolute_deadline ? moment(row.absolute_deadline) : instant(unlimited);
  return {
    signedInAt,
    authenticatedAt: null,
    lastActiveAt: latest(
      moment(row.last_active_at ?? row.signed_in_at),
      moment(row.sessions_active_at ?? row.signed_in_at),
    ),
    inactivityTimeout: seconds(row.inactivity_timeout ?? unlimited),
    absoluteDeadline,
    expiresAt: absoluteDeadline,
    ended: row.ended_at && row.end_reason ? { at: moment(row.ended_at), reason: row.end_reason } : null,
  };
}

const notBeforesOf = ({ not_before }: Row): readonly NotBefore[] =>
  (not_before ?? []).map((entry) => ({ ...entry, at: instant(entry.at) }));
