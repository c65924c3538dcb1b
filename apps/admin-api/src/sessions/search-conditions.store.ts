import { Prisma } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import { notCoveredBeside, rowStands } from '@curfew/sessions/statements';
import { leastIdAt } from '@curfew/tokens';
import type { SessionSearch } from './search.js';

type Sql = Prisma.Sql;

const date = (at: Instant): Date => new Date(at);

/** The address a session was signed in from, as the index has it. */
export const addressColumn = Prisma.sql`session_address(s.baseline)`;

/** Stands by its row; a policy that became stricter since may still say otherwise. */
export const isLive = (now: Instant, everyoneAt: Date | null): Sql =>
  rowStands(now, notCoveredBeside(everyoneAt));

const state = (search: SessionSearch, now: Instant, everyoneAt: Date | null): Sql[] => {
  if (search.state === 'live') return [isLive(now, everyoneAt)];
  if (search.state === 'ended') return [Prisma.sql`NOT ${isLive(now, everyoneAt)}`];
  return [];
};

const between = (column: Sql, after: Instant | undefined, before: Instant | undefined): Sql[] => [
  ...(after === undefined ? [] : [Prisma.sql`${column} >= ${date(after)}::timestamptz`]),
  ...(before === undefined ? [] : [Prisma.sql`${column} < ${date(before)}::timestamptz`]),
];

const startedBetween = ({ startedAfter, startedBefore }: SessionSearch): Sql[] =>
  between(Prisma.sql`s.started_at`, startedAfter, startedBefore);

/** A session starts when its code is redeemed; its id was made up to this much earlier (codes, device codes). Milliseconds. */
const latestStart = 3_600_000;

/** Bounds of the start among ids, which are made in the order of time; wider than the start itself by what may lie between. */
export const authorizedBetween = ({ startedAfter, startedBefore }: SessionSearch): Sql[] => [
  ...(startedAfter === undefined
    ? []
    : [Prisma.sql`s.id >= ${leastIdAt((startedAfter - latestStart) as Instant)}::uuid`]),
  ...(startedBefore === undefined ? [] : [Prisma.sql`s.id < ${leastIdAt(startedBefore)}::uuid`]),
];

/** Bounds of the end, for the index on it. */
export const endedBetween = ({ endedAfter, endedBefore }: SessionSearch): Sql[] => {
  const bounds = between(Prisma.sql`s.ended_at`, endedAfter, endedBefore);
  return bounds.length === 0 ? [] : [Prisma.sql`s.ended_at IS NOT NULL`, ...bounds];
};

/** An address itself, or what lies within a network. */
export const addressWithin = (ip: string, column: Sql = addressColumn): Sql =>
  ip.includes('/') ? Prisma.sql`${column} <<= ${ip}::inet` : Prisma.sql`${column} = ${ip}::inet`;

const policy = ({ policy: reach }: SessionSearch): Sql[] =>
  reach === undefined || reach.everyone
    ? []
    : [
        Prisma.sql`(s.client_id = ANY(${[...reach.clients]}::text[]) OR s.resources && ${[...reach.resources]}::text[])`,
      ];

/** A pattern for LIKE that finds the text in `family operating-system`. */
export const userAgentPattern = (text: string): string =>
  `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;

/** Everything a session must meet, whatever index it is found by. */
export function conditionsOf(search: SessionSearch, now: Instant, everyoneAt: Date | null): Sql {
  const { ids, account, client, ip, userAgent, reason } = search;
  const all: Sql[] = [
    ...(ids === undefined ? [] : [Prisma.sql`s.id = ANY(${[...ids]}::uuid[])`]),
    ...(account === undefined ? [] : [Prisma.sql`s.account_id = ${account}::uuid`]),
    ...(client === undefined ? [] : [Prisma.sql`s.client_id = ${client}`]),
    ...(ip === undefined ? [] : [addressWithin(ip)]),
    ...(userAgent === undefined
      ? []
      : [Prisma.sql`session_user_agent(s.baseline) LIKE ${userAgentPattern(userAgent)}`]),
    ...(reason === undefined ? [] : [Prisma.sql`s.ended_at IS NOT NULL AND s.end_reason = ${reason}`]),
    ...startedBetween(search),
    ...between(Prisma.sql`s.last_active_at`, search.activeAfter, search.activeBefore),
    ...endedBetween(search),
    ...policy(search),
    ...state(search, now, everyoneAt),
  ];
  return all.length === 0 ? Prisma.sql`true` : Prisma.join(all, ' AND ');
}
