import { hashOfId } from '@curfew/tokens';
import type { StagedWrites, UpstreamOrigin } from './staged-writes.js';

/*
 * Sessions at other identity providers, as the protocol's rows know them: the row that stands for one, the keys that a browser keeps of those
 * that it came of, and the rows that lead from such a key to a device that was approved in that browser.
 */

/** The kind of the row that stands for a session at another identity provider; it is used up when that ends. */
export const upstreamSessionKind = 'UpstreamSession';

/**
 * The kind of the row that leads from a session at another identity provider (`grant_id`) to the session of a device (`uid`). Its payload is the
 * hash of the account that approved the device: until somebody redeems its code, no session says whose it is. A row of before has none.
 */
export const upstreamDeviceKind = 'UpstreamDevice';

/**
 * A row that leads to a device is looked at a day after it was written or looked at last, and stays as long as the session lives: it outlives
 * its code, and the session, by a day at most.
 */
export const deviceLookedAtAfter = '1 day';

/** Whether a row leads to a session that lives. It reads the session by its key, and a row of another kind costs nothing. */
export const leadsToDevice = (row: string): string =>
  `CASE WHEN ${row}.kind = '${upstreamDeviceKind}' THEN COALESCE((SELECT s.ended_at IS NULL FROM session s WHERE s.id = ${row}.uid::uuid), false) ELSE false END`;

/** The keys that one browser keeps: later ones take the place of the oldest. */
const maxUpstream = 16;

/** The statement that steps are added to. */
interface Steps {
  readonly ready: string;
  readonly value: (value: unknown, type: string) => string;
  condition(text: string): void;
  writer(name: string, text: string): void;
  writing(name: string, text: string): void;
}

const at = (parameter: string): string => `to_timestamp(${parameter} / 1000)`;

/**
 * The session at another identity provider must not have ended while its person was on the way. The end takes the same row, so one of the
 * two waits for the other: it finds what was written here, or this finds the row used up. All the sessions of a person that no token names
 * have one row; its use is over for those of them that were told of later.
 */
export function addUpstreamSession(commit: Steps, { key, toldAt, isOneSession }: UpstreamOrigin): void {
  const idHash = commit.value(hashOfId(key), 'bytea');
  const told = at(commit.value(toldAt, 'float8'));
  const until = `${told} + interval '1 day'`;
  const name = isOneSession ? 'there' : 'there_unnamed';
  const stands = `(a.consumed_at IS NULL${isOneSession ? '' : ` OR a.consumed_at < ${told}`})`;
  commit.writer(
    name,
    `INSERT INTO protocol_artifact AS a (kind, id_hash, payload, expires_at) VALUES ('${upstreamSessionKind}', ${idHash}, ''::bytea, ${until})
     ON CONFLICT (kind, id_hash) DO UPDATE SET expires_at = GREATEST(a.expires_at, excluded.expires_at) WHERE ${stands} RETURNING 1`,
  );
  commit.condition(`EXISTS (SELECT 1 FROM ${name})`);
}

/** The keys of a browser with those of one more sign-in, of which it may have some. */
export const withUpstream = (before: string, keys: string): string =>
  `(SELECT n.keys[greatest(1, cardinality(n.keys) - ${maxUpstream - 1}):] FROM (
     SELECT ARRAY(SELECT o.key FROM unnest(${before}) WITH ORDINALITY AS o(key, place) WHERE o.key <> ALL(${keys}) ORDER BY o.place) || ${keys} AS keys
   ) n)`;

/**
 * The session of a device comes of the same sessions elsewhere as the browser in which it was approved: those that the browser keeps, and
 * the one that this request has shown. The browser itself may be signed out before the device is.
 */
export function addApprovedDevice(
  commit: Steps,
  { approvedDevice, proof }: Pick<StagedWrites, 'approvedDevice' | 'proof'>,
): void {
  if (!approvedDevice) return;
  const { sessionId, accountId, browserSessionUid, at: approvedAt } = approvedDevice;
  const session = commit.value(sessionId, 'text');
  const account = commit.value(hashOfId(accountId), 'bytea');
  const shown = proof?.upstream ? [proof.upstream.person, proof.upstream.key] : [];
  commit.writing(
    'approved',
    `INSERT INTO protocol_artifact (kind, id_hash, payload, grant_id, uid, expires_at)
     SELECT '${upstreamDeviceKind}', sha256(convert_to(k.key || ' ' || ${session}, 'UTF8')), ${account}, k.key, ${session},
       ${at(commit.value(approvedAt, 'float8'))} + interval '${deviceLookedAtAfter}'
     FROM (
       SELECT unnest(b.upstream) AS key FROM browser_session b WHERE b.uid = ${commit.value(browserSessionUid, 'text')}
       UNION SELECT unnest(${commit.value(shown, 'text[]')})
     ) k WHERE ${commit.ready} ON CONFLICT DO NOTHING RETURNING 1`,
  );
}
