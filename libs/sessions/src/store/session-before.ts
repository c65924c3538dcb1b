import type { SessionBefore } from '@curfew/insight';
import { milliseconds } from '@curfew/persistence';
import { instant } from '@curfew/session-policy';

/** The columns of the session before, in their order; instants in milliseconds. */
export type BeforeRow = [
  lastActiveAt: number | null,
  cutAt: number | null,
  cutTimeout: number | null,
  isSameDay: boolean | null,
  hadCut: boolean | null,
  shadowEnd: number | null,
];

/** A sign-in within this time after an idle end is told as coming back from it. */
const backWithinHours = 8;
/** Sessions of an account that are looked at. An account that has more is no person, and nothing is to be learnt of it. */
export const maxLooked = 500;
/** When the inactivity timeout ended the session `p`, as `cut_at`, if that was within eight hours before `moment`; an end nobody has recorded counts. */
export const cutOf = (moment: string): string => `
  SELECT CASE WHEN p.expires_at < p.absolute_deadline AND p.expires_at <= ${moment} AND p.expires_at > ${moment} - make_interval(hours => ${backWithinHours})
    AND (p.ended_at IS NULL OR p.end_reason = 'inactivity_timeout') THEN p.expires_at END AS cut_at`;

/** Expressions for whose session begins, with which client, when, and when that day began. */
interface Beginning {
  readonly account: string;
  readonly client: string;
  readonly at: string;
  readonly day: string;
}

/**
 * The last used of the sessions that the same account and client had before, and whether its inactivity timeout ended it. An end that nobody
 * has recorded yet is told from its deadline.
 */
export const sessionBefore = ({ account, client, at, day }: Beginning): string => `
  SELECT ${milliseconds('p.last_active_at')} AS last_active_at, ${milliseconds('c.cut_at')} AS cut_at,
    round(extract(epoch FROM c.cut_at - p.last_active_at))::int AS cut_timeout, max(p.started_at) OVER () >= ${day} AS same_day,
    p.after_idle_cut AS had_cut, ${milliseconds('p.shadow_end')} AS shadow_end
  FROM (SELECT * FROM session WHERE account_id = ${account} LIMIT ${maxLooked}) p CROSS JOIN LATERAL (${cutOf(at)}) c
  WHERE p.client_id = ${client} ORDER BY p.last_active_at DESC LIMIT 1`;

const moment = (value: number) => instant(Math.round(value));

/** Facts about the session before a new one. */
export const readBefore = ([
  lastActiveAt,
  cutAt,
  cutTimeout,
  isSameDay,
  hadCut,
  shadowEnd,
]: BeforeRow): SessionBefore => ({
  lastActiveAt: lastActiveAt === null ? null : moment(lastActiveAt),
  cut:
    lastActiveAt === null || cutAt === null || cutTimeout === null
      ? null
      : {
          at: moment(cutAt),
          inactivityTimeout: cutTimeout,
          // A mark before its last activity says that it had a long silence already.
          isFirst: !hadCut && (shadowEnd === null || lastActiveAt <= shadowEnd),
        },
  isSameDay: isSameDay ?? false,
});
