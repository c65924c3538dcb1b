import { milliseconds, Prisma } from '@curfew/persistence';
import { type Instant } from '@curfew/session-policy';
import { type DeadlineLimits } from '@curfew/session-policy/standing';
import { placeCount } from '@curfew/session-policy/trial';
import { atDate } from './session-columns.js';

/** Names of columns or parameters, as SQL text, that say whom something was authorized by and when. */
export interface AuthorizationColumns {
  readonly account?: string;
  readonly client?: string;
  readonly at: string;
  /** false where the entry of everyone is looked up once for many rows. */
  readonly everyone?: boolean;
}

/** The rule of `endedBy` as a condition on `not_before n`: the entry ends what this account authorized with this client at that instant. */
function covers({ account, client, at, everyone = true }: AuthorizationColumns): string {
  const targets = [
    ...(account === undefined ? [] : [`('account', ${account})`]),
    ...(client === undefined ? [] : [`('client', ${client})`]),
    ...(everyone ? [`('everyone', '')`] : []),
  ];
  return `n.at >= ${at} AND (n.kind, n.target) IN (${targets.join(', ')})`;
}

/** The entries `n` that end what these columns say, as the rest of a query. Every statement that asks for them is made with it. */
export const entriesAgainst = (of: AuthorizationColumns, condition = ''): string =>
  `FROM not_before n WHERE ${condition}${covers(of)}`;

/** A condition: some entry ends what these columns say. */
export const isCovered = (of: AuthorizationColumns): string => `EXISTS (SELECT 1 ${entriesAgainst(of)})`;

/** A query: when everything of everyone was ended last, as `at`; no row where it never was. */
export const lastEndOfEveryone = Prisma.sql`SELECT n.at FROM not_before n WHERE n.kind = 'everyone' AND n.target = ''`;

/** A query: one row while the sessions that an entry ended do not all have a record of their own yet. */
export const unsettledEntry = Prisma.sql`SELECT 1 FROM not_before n WHERE n.settled_at IS NULL LIMIT 1`;

/** The columns of `session s`. */
const ofSession = {
  account: 's.account_id::text',
  client: 's.client_id',
  at: 's.signed_in_at',
} as const satisfies AuthorizationColumns;

/**
 * A column expression of `session s`: the entries that end it, as `readFound` reads them; null where there are none. Most of the time there
 * are none at all, which one look for all rows of a statement finds out.
 */
export const entriesOfSession = `CASE WHEN EXISTS (SELECT 1 FROM not_before) THEN (SELECT jsonb_agg(jsonb_build_object('kind', n.kind, 'reason', n.reason, 'at', ${milliseconds('n.at')}))
  ${entriesAgainst(ofSession)}) END`;

/** A condition on `session s`: no entry ends it. */
export const notCovered = `NOT ${isCovered(ofSession)}`;

/** As `notCovered`, for counting many rows: each session that a settled entry covers has its own end already. */
export const notCoveredUnsettled = Prisma.raw(
  `NOT EXISTS (SELECT 1 ${entriesAgainst(ofSession, 'n.settled_at IS NULL AND ')})`,
);

/** As `notCovered`, for searching many rows: the entry of everyone (`lastEndOfEveryone`) was read before, and is not looked up for each. */
export const notCoveredBeside = (everyoneAt: Date | null): Prisma.Sql => Prisma.sql`
  NOT ${Prisma.raw(isCovered({ everyone: false, ...ofSession }))}
  AND (${everyoneAt}::timestamptz IS NULL OR s.signed_in_at > ${everyoneAt}::timestamptz)`;

/**
 * A condition on `session s`: its row stands at `now`, as far as rows tell. A policy that became stricter since its last activity may still
 * say otherwise: `decideAccess` decides about each row that is found, `deadlineUnder` about those that are counted.
 */
export const rowStands = (now: Instant, stands: Prisma.Sql = Prisma.raw(notCovered)): Prisma.Sql =>
  Prisma.sql`(s.ended_at IS NULL AND s.expires_at > ${atDate(now)}::timestamptz AND ${stands})`;

/** The rule of `absoluteDeadlineUnder` as an expression: the whole second before the person's proof plus the absolute lifetime. */
export const absoluteDeadlineFrom = (provedAt: Prisma.Sql, absoluteLifetime: Prisma.Sql): Prisma.Sql =>
  Prisma.sql`date_trunc('second', ${provedAt} + make_interval(secs => ${absoluteLifetime}))`;

/** The rule of `deadlines` as an expression on `session s`, under limits that are expressions. */
const deadlineOf = (inactivityTimeout: Prisma.Sql, absoluteLifetime: Prisma.Sql): Prisma.Sql => Prisma.sql`
  LEAST(s.expires_at, s.last_active_at + make_interval(secs => LEAST(s.inactivity_timeout, ${inactivityTimeout})),
    s.absolute_deadline, ${absoluteDeadlineFrom(Prisma.sql`LEAST(s.signed_in_at, s.authenticated_at)`, absoluteLifetime)})`;

/** The rule of `deadlines` as an expression on `session s`, under these limits. */
export const deadlineUnder = ({ inactivityTimeout, absoluteLifetime }: DeadlineLimits): Prisma.Sql =>
  deadlineOf(Prisma.sql`${inactivityTimeout}::int`, Prisma.sql`${absoluteLifetime}::int`);

/** As `deadlineUnder`, where each session is joined with a row `l` of its limits. */
export const deadlineUnderEach = deadlineOf(
  Prisma.raw('l."inactivityTimeout"'),
  Prisma.raw('l."absoluteLifetime"'),
);

/** The assignments that write the mark of a shadow, from an expression for each of its parts; null leaves the mark as it is. */
export function markColumns(shadowEnd: string, usedAfter: string): string {
  return `shadow_end = COALESCE(${shadowEnd}, s.shadow_end), shadow_used_after = CASE WHEN ${shadowEnd} IS NULL THEN s.shadow_used_after ELSE ${usedAfter} END`;
}

/** The rule of `placeOf` as an expression on `session s`. */
const placeOfSession = Prisma.raw(
  `(('x' || substr(s.account_id::text, 28, 8))::bit(32)::bigint % ${placeCount})`,
);

/** A condition on `session s`: the place of its account is at least `from` and below `to`. Nothing is computed where that is true of all. */
export const placeWithin = (from: number, to: number): Prisma.Sql =>
  to - from === placeCount
    ? Prisma.sql`true`
    : Prisma.sql`(${placeOfSession} >= ${from} AND ${placeOfSession} < ${to})`;

/** As `placeWithin`, where each session is joined with a row `l` of its limits. */
export const placeWithinEach = Prisma.sql`
  (l."to" - l."from" = ${Prisma.raw(String(placeCount))} OR (${placeOfSession} >= l."from" AND ${placeOfSession} < l."to"))`;
