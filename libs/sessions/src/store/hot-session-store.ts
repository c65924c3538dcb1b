import type { SilenceRecorder } from '@curfew/insight';
import type { PrismaService } from '@curfew/persistence';
import {
  Batcher,
  type BatchLimits,
  commitColumns,
  type HotStatement,
  type HotStatements,
  isDatabaseUnavailable,
  milliseconds,
  retrying,
} from '@curfew/persistence';
import { type EndReason, instant, type SessionId, seconds } from '@curfew/session-policy';
import type { PackedSignals } from './packed-columns.js';
import { PrismaSessionStore } from './prisma-session-store.js';
import { unpacked } from './session-row.js';
import { type FoundSession, ProofUsedBefore, type Retention, type Rotation } from './session-store.js';
import { killersOfSession } from './standing-statements.js';

/** One row per question, in the order of the questions; the column order is that of `readHot`. */
const readStatement: HotStatement = {
  name: 'session_read',
  text: `
    SELECT w.place, s.id, s.account_id, s.client_id, s.browser_session_uid, s.offline, s.resources, s."authorization", s.baseline,
      ${milliseconds('s.signed_in_at')}, ${milliseconds('s.started_at')}, s.inactivity_timeout, ${milliseconds('s.absolute_deadline')}, s.key_thumbprint,
      ${milliseconds('s.step_up_required_at')}, ${milliseconds('s.stepped_up_at')}, ${milliseconds('s.ended_at')}, s.end_reason, s.generation, s.retries,
      ${milliseconds('s.last_active_at')}, ${milliseconds('s.expires_at')}, ${milliseconds('s.rotated_at')}, s.token_hash, s.successor_seal, ${milliseconds('s.authenticated_at')},
      ${killersOfSession},
      w.hash IS NOT NULL AND EXISTS (SELECT 1 FROM revoked_token r WHERE r.token_hash = w.hash)
    FROM unnest($1::uuid[], $2::bytea[]) WITH ORDINALITY AS w(id, hash, place) JOIN session s ON s.id = w.id`,
};

/**
 * Compare-and-set for many sessions at once. A session asked for twice is changed once, and the row that comes back says
 * for whom; the other lost, as it would have alone. Sorted by id, so that two batches take their locks in one order. Instants go as
 * numbers: the driver takes long to write a date.
 *
 * It compares no not-before entry, so a rotation may commit after an end of everything was acknowledged. What it hands out is dead all the
 * same: whoever shows it is judged by the entries that are there then, and by `signed_in_at`, which no rotation moves. An entry compared
 * here would still miss an end that commits while the statement runs.
 */
const rotateStatement: HotStatement = {
  name: 'session_rotate',
  place: 'in its rows',
  text: `
    UPDATE session s SET generation = s.generation + 1, retries = 0, rotated_at = w.at,
      last_active_at = GREATEST(s.last_active_at, w.last_active_at),
      expires_at = GREATEST(w.expires_at, CASE WHEN s.last_active_at > w.last_active_at THEN s.expires_at END),
      token_hash = w.token_hash, successor_seal = w.successor_seal
    FROM (
      SELECT id, generation, to_timestamp(at / 1000) AS at, to_timestamp(last_active_at / 1000) AS last_active_at,
        to_timestamp(expires_at / 1000) AS expires_at, token_hash, successor_seal, place
      FROM unnest($1::uuid[], $2::int[], $3::float8[], $4::float8[], $5::float8[], $6::bytea[], $7::bytea[])
        WITH ORDINALITY AS u(id, generation, at, last_active_at, expires_at, token_hash, successor_seal, place)
    ) w
    WHERE s.id = w.id AND s.generation = w.generation AND s.ended_at IS NULL AND s.expires_at > w.at
    RETURNING w.place, ${commitColumns}`,
};

/**
 * The same with the proofs that some came with (RFC 9449 §11.1): only whoever's proof was not known gets to its session, and what is
 * recorded stays recorded where the session turns out to have changed. A proof that came twice is the first one's. The session's rows
 * are joined with a list, not asked through a subquery: a row that another transaction has just changed is looked at again, and that
 * must not lead back into the insertion.
 */
const provenRotateStatement: HotStatement = {
  name: 'session_rotate_proven',
  place: 'in its rows',
  text: `
    WITH w AS MATERIALIZED (
      SELECT u.id, u.generation, to_timestamp(u.at / 1000) AS at, to_timestamp(u.last_active_at / 1000) AS last_active_at,
        to_timestamp(u.expires_at / 1000) AS expires_at, u.token_hash, u.successor_seal, u.kind, u.proof,
        to_timestamp(u.remembered_until / 1000) AS remembered_until, u.place
      FROM unnest($1::uuid[], $2::int[], $3::float8[], $4::float8[], $5::float8[], $6::bytea[], $7::bytea[], $8::text[], $9::bytea[], $10::float8[])
        WITH ORDINALITY AS u(id, generation, at, last_active_at, expires_at, token_hash, successor_seal, kind, proof, remembered_until, place)
    ), shown AS MATERIALIZED (
      SELECT DISTINCT ON (kind, proof) kind, proof, remembered_until, place FROM w WHERE proof IS NOT NULL ORDER BY kind, proof, place
    ), recorded AS (
      INSERT INTO protocol_artifact (kind, id_hash, payload, expires_at)
      SELECT kind, proof, ''::bytea, remembered_until FROM shown ORDER BY kind, proof
      ON CONFLICT (kind, id_hash) DO UPDATE SET expires_at = excluded.expires_at
        WHERE protocol_artifact.expires_at <= to_timestamp($11::float8 / 1000)
      RETURNING kind, id_hash
    ), allowed AS MATERIALIZED (
      SELECT w.* FROM w LEFT JOIN (shown JOIN recorded ON recorded.kind = shown.kind AND recorded.id_hash = shown.proof) ON shown.place = w.place
      WHERE w.proof IS NULL OR shown.place IS NOT NULL ORDER BY w.place
    ), rotated AS (
      UPDATE session s SET generation = s.generation + 1, retries = 0, rotated_at = a.at,
        last_active_at = GREATEST(s.last_active_at, a.last_active_at),
        expires_at = GREATEST(a.expires_at, CASE WHEN s.last_active_at > a.last_active_at THEN s.expires_at END),
        token_hash = a.token_hash, successor_seal = a.successor_seal
      FROM allowed a
      WHERE s.id = a.id AND s.generation = a.generation AND s.ended_at IS NULL AND s.expires_at > a.at
      RETURNING a.place
    )
    SELECT a.place, r.place IS NOT NULL, ${commitColumns} FROM allowed a LEFT JOIN rotated r ON r.place = a.place`,
};

interface Question {
  readonly id: SessionId;
  readonly hash: Uint8Array | null;
}

/** The store of busy servers: reads and rotations of many requests share their statements; all else is as in its parent. */
export class HotSessionStore extends PrismaSessionStore {
  readonly #statements: HotStatements;
  readonly #reads: Batcher<Question, FoundSession | undefined>;
  readonly #rotations: Batcher<Rotation, Rotated>;

  constructor(
    prisma: PrismaService,
    retention: Retention,
    statements: HotStatements,
    limits: BatchLimits,
    silences?: SilenceRecorder,
  ) {
    super(prisma, retention, silences);
    this.#statements = statements;
    this.#reads = new Batcher((questions) => this.#readAll(questions), limits, isDatabaseUnavailable);
    this.#rotations = new Batcher((rotations) => this.#rotateAll(rotations), limits, isDatabaseUnavailable);
  }

  override read(id: SessionId, accessTokenHash?: Uint8Array): Promise<FoundSession | undefined> {
    return this.#reads.submit({ id, hash: accessTokenHash ?? null });
  }

  override async rotate(rotation: Rotation): Promise<boolean> {
    const outcome = await this.#rotations.submit(rotation);
    if (outcome === 'used before') throw new ProofUsedBefore();
    return outcome;
  }

  async #readAll(questions: readonly Question[]): Promise<readonly (FoundSession | undefined)[]> {
    const values = [questions.map(({ id }) => id), questions.map(({ hash }) => hash)];
    const rows = await this.#statements.run<HotRow>(readStatement, values);
    const answers = new Array<FoundSession | undefined>(questions.length).fill(undefined);
    for (const row of rows) answers[Number(row[0]) - 1] = readHot(row);
    return answers;
  }

  async #rotateAll(rotations: readonly Rotation[]): Promise<readonly Rotated[]> {
    const order = [...rotations.keys()].sort((a, b) => (rotations[a]!.id < rotations[b]!.id ? -1 : 1));
    const sorted = order.map((index) => rotations[index]!);
    const won = sorted.some(({ proof }) => proof)
      ? await this.#rotateProven(sorted)
      : (await this.#rotate(sorted)).map(([place]) => [place, true] as const);
    const outcomes = rotations.map(({ proof }): Rotated => (proof ? 'used before' : false));
    for (const [place, isRotated] of won) outcomes[order[Number(place) - 1]!] = isRotated;
    return outcomes;
  }

  #rotate(sorted: readonly Rotation[]): Promise<[place: string][]> {
    return retrying(() => this.#statements.run(rotateStatement, columnsOf(sorted)));
  }

  #rotateProven(sorted: readonly Rotation[]): Promise<[place: string, isRotated: boolean][]> {
    const values = [
      ...columnsOf(sorted),
      sorted.map(({ proof }) => proof?.kind ?? null),
      sorted.map(({ proof }) => proof?.idHash ?? null),
      sorted.map(({ proof }) => proof?.expiresAt ?? null),
      // What has been forgotten by the first of them has been by all.
      Math.min(...sorted.map(({ at }) => at)),
    ];
    return retrying(() => this.#statements.run(provenRotateStatement, values));
  }
}

/** Whether the session was rotated, or why it was not even looked for. */
type Rotated = boolean | 'used before';

const columnsOf = (sorted: readonly Rotation[]): unknown[] => [
  sorted.map(({ id }) => id),
  sorted.map(({ fromGeneration }) => fromGeneration),
  sorted.map(({ at }) => at),
  sorted.map(({ lastActiveAt }) => lastActiveAt),
  sorted.map(({ expiresAt }) => expiresAt),
  sorted.map(({ tokenHash }) => tokenHash),
  sorted.map(({ successorSeal }) => successorSeal),
];

type HotRow = [
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
  notBefore: { kind: 'account' | 'client' | 'everyone'; reason: EndReason; at: number }[] | null,
  tokenRevoked: boolean,
];

const moment = (value: number) => instant(Math.round(value));
const momentOrNull = (value: number | null) => (value === null ? null : moment(value));

function readHot(row: HotRow): FoundSession {
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
  });
  const notBefore = (row[26] ?? []).map((entry) => ({ ...entry, at: moment(entry.at) }));
  return { session, notBefore, tokenRevoked: row[27] };
}
