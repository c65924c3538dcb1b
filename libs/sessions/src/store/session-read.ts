import { type HotStatement, milliseconds, type Statements } from '@curfew/persistence';
import { type EndReason, instant, type SessionId, seconds } from '@curfew/session-policy';
import type { PackedSignals } from './packed-columns.js';
import { unpacked } from './session-row.js';
import type { FoundSession } from './session-store.js';
import { killersOfSession } from './standing-statements.js';

/** One row per question, in the order of the questions; the column order is that of `readSession`. */
const readStatement: HotStatement = {
  name: 'session_read',
  text: `
    SELECT w.place, s.id, s.account_id, s.client_id, s.browser_session_uid, s.offline, s.resources, s."authorization", s.baseline,
      ${milliseconds('s.signed_in_at')}, ${milliseconds('s.started_at')}, s.inactivity_timeout, ${milliseconds('s.absolute_deadline')}, s.key_thumbprint,
      ${milliseconds('s.step_up_required_at')}, ${milliseconds('s.stepped_up_at')}, ${milliseconds('s.ended_at')}, s.end_reason, s.generation, s.retries,
      ${milliseconds('s.last_active_at')}, ${milliseconds('s.expires_at')}, ${milliseconds('s.rotated_at')}, s.token_hash, s.successor_seal, ${milliseconds('s.authenticated_at')},
      ${milliseconds('s.shadow_end')}, s.after_idle_cut, ${killersOfSession},
      w.hash IS NOT NULL AND EXISTS (SELECT 1 FROM revoked_token r WHERE r.token_hash = w.hash)
    FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY AS w(id, hash, place) JOIN session s ON s.id = w.id`,
};

/** A session that is asked for, and the hash of the access token that shall be looked up with it. */
export interface Question {
  readonly id: SessionId;
  readonly hash: Uint8Array | null;
}

/** Reads the sessions that are asked for with one statement; undefined in the place of one that is not there. */
export async function readSessions(
  statements: Statements,
  questions: readonly Question[],
): Promise<readonly (FoundSession | undefined)[]> {
  const values = [questions.map(({ id }) => id), questions.map(({ hash }) => hash)];
  const rows = await statements.run<Row>(readStatement, values);
  const answers = new Array<FoundSession | undefined>(questions.length).fill(undefined);
  for (const row of rows) answers[Number(row[0]) - 1] = readSession(row);
  return answers;
}

type Row = [
  place: string,
  id: string,
  accountId: string,
  clientId: string,
  browserSessionUid: string | null,
  offline: boolean,
  resources: string[],
  authorization: Record<string, unknown>,
  baseline: PackedSignals,
  signedInAt: number,
  startedAt: number,
  inactivityTimeout: number,
  absoluteDeadline: number,
  keyThumbprint: string | null,
  stepUpRequiredAt: number | null,
  steppedUpAt: number | null,
  endedAt: number | null,
  endReason: EndReason | null,
  generation: number,
  retries: number,
  lastActiveAt: number,
  expiresAt: number,
  rotatedAt: number | null,
  tokenHash: Buffer | null,
  successorSeal: Buffer | null,
  authenticatedAt: number | null,
  shadowEnd: number | null,
  afterIdleCut: boolean | null,
  notBefore: { kind: 'account' | 'client' | 'everyone'; reason: EndReason; at: number }[] | null,
  tokenRevoked: boolean,
];

const moment = (value: number) => instant(Math.round(value));
const momentOrNull = (value: number | null) => (value === null ? null : moment(value));

function readSession(row: Row): FoundSession {
  const session = unpacked({
    id: row[1],
    accountId: row[2],
    clientId: row[3],
    browserSessionUid: row[4],
    offline: row[5],
    resources: row[6],
    authorization: row[7],
    baseline: row[8],
    signedInAt: moment(row[9]),
    startedAt: moment(row[10]),
    inactivityTimeout: seconds(row[11]),
    absoluteDeadline: moment(row[12]),
    keyThumbprint: row[13],
    stepUpRequiredAt: momentOrNull(row[14]),
    steppedUpAt: momentOrNull(row[15]),
    ended: row[16] !== null && row[17] ? { at: moment(row[16]), reason: row[17] } : null,
    generation: row[18],
    retries: row[19],
    lastActiveAt: moment(row[20]),
    expiresAt: moment(row[21]),
    rotatedAt: momentOrNull(row[22]),
    tokenHash: row[23],
    successorSeal: row[24],
    authenticatedAt: momentOrNull(row[25]),
    shadowEnd: momentOrNull(row[26]),
    afterIdleCut: row[27] ?? false,
  });
  const notBefore = (row[28] ?? []).map((entry) => ({ ...entry, at: moment(entry.at) }));
  return { session, notBefore, tokenRevoked: row[29] };
}
