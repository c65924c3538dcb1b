import { insertEvents, type NewEvent } from '@curfew/events';
import type { SilenceRecorder } from '@curfew/insight';
import {
  Batcher,
  type BatchLimits,
  isDatabaseUnavailable,
  Prisma,
  type PrismaService,
  retrying,
  type Statements,
  statementsIn,
  type Transaction,
  waitForStandby,
} from '@curfew/persistence';
import type { Instant, SessionId } from '@curfew/session-policy';
import type { Trial } from '@curfew/session-policy/trial';
import type { EndWriter } from './end-writer.js';
import { recordOnce } from './once-record.js';
import { atDate as at } from './session-columns.js';
import { type Question, readSessions } from './session-read.js';
import { type Rotated, rotateSessions } from './session-rotate.js';
import { healWithin, insertSession, refuseEnded } from './session-start.js';
import {
  type AcceptedStepUp,
  type ActingClients,
  type Activity,
  type Alongside,
  type CodeKey,
  type End,
  type EndedSession,
  type FoundSession,
  type Keeping,
  type MassEnd,
  ProofUsedBefore,
  type Rotation,
  type SessionLimit,
  SessionStore,
  type StoredSession,
  TooManySessions,
  type WithEnd,
} from './session-store.js';
import { markColumns, notCovered, rowStands } from './standing-statements.js';
import {
  beforeStart,
  type CodeStart,
  type StartedFromCode,
  startFromCodes,
  startWaiting,
} from './start-from-code.js';

/** The parts of the store. */
export interface PostgresSessionStoreParts {
  readonly prisma: PrismaService;
  /** Runs the statements of the hottest paths. */
  readonly statements: Statements;
  readonly limits: BatchLimits;
  readonly ends: EndWriter;
  /** Counts silences; without one, nothing is counted. */
  readonly silences?: SilenceRecorder | undefined;
}

/**
 * Sessions in PostgreSQL: every change is one conditional statement, or one transaction where several rows must agree. Reads, rotations and
 * ends of many requests share their statements.
 */
export class PostgresSessionStore extends SessionStore {
  readonly #prisma: PrismaService;
  readonly #statements: Statements;
  readonly #ends: EndWriter;
  readonly #silences: SilenceRecorder | undefined;
  readonly #reads: Batcher<Question, FoundSession | undefined>;
  readonly #rotations: Batcher<Rotation, Rotated>;
  readonly #starts: Batcher<CodeStart, StartedFromCode | undefined>;

  constructor({ prisma, statements, limits, ends, silences }: PostgresSessionStoreParts) {
    super();
    this.#prisma = prisma;
    this.#statements = statements;
    this.#ends = ends;
    this.#silences = silences;
    this.#reads = new Batcher((all) => readSessions(statements, all), limits, isDatabaseUnavailable);
    this.#rotations = new Batcher((all) => rotateSessions(statements, all), limits, isDatabaseUnavailable);
    this.#starts = new Batcher((all) => startFromCodes(statements, all), limits, isDatabaseUnavailable);
  }

  override read(
    id: SessionId,
    accessTokenHash?: Uint8Array,
    acting?: ActingClients,
  ): Promise<FoundSession | undefined> {
    return this.#reads.submit({ id, hash: accessTokenHash ?? null, acting: acting ?? null });
  }

  override async rotate(rotation: Rotation): Promise<boolean> {
    const outcome = await this.#rotations.submit(rotation);
    if (outcome === 'used before') throw new ProofUsedBefore();
    return outcome;
  }

  override async start(
    session: StoredSession,
    limit: SessionLimit,
    alongside: Alongside,
    stepUp?: AcceptedStepUp,
    trial?: Trial,
  ): Promise<readonly EndedSession[]> {
    const { startedAt: now, inactivityTimeout } = session;
    const begun = await retrying(() =>
      this.#prisma.$transaction(async (transaction) => {
        await alongside(transaction);
        // A start that is not allowed at all is refused for that reason, not because there are too many sessions.
        const statements = statementsIn(transaction);
        if (limit.most !== null) await refuseEnded(statements, session);
        const ended = await this.#makeRoom(transaction, session, limit);
        const { waiting, before } = await insertSession(statements, session, stepUp);
        if (stepUp && waiting.length > 0) await healWithin(transaction, stepUp, waiting, now);
        return { ended, before };
      }),
    );
    this.#silences?.started(session, begun.before, inactivityTimeout, now, trial?.canary ?? undefined);
    return begun.ended;
  }

  override async startFromCode(
    session: StoredSession,
    code: CodeKey,
    stepUp?: AcceptedStepUp,
    trial?: Trial,
  ): Promise<boolean> {
    const start = { session, code, stepUp };
    const row = (await this.#starts.submit(start)) ?? (await startWaiting(this.#statements, start));
    const before = beforeStart(row);
    if (!before) return false;
    const { inactivityTimeout, startedAt } = session;
    this.#silences?.started(session, before, inactivityTimeout, startedAt, trial?.canary ?? undefined);
    return true;
  }

  override keep(keeping: Keeping): Promise<boolean> {
    const { id, generation, lastActiveAt, expiresAt, mark } = keeping;
    return this.#change(
      keeping,
      (from) => Prisma.sql`
        UPDATE session SET last_active_at = GREATEST(last_active_at, ${at(lastActiveAt)}),
          expires_at = GREATEST(${at(expiresAt)}, CASE WHEN last_active_at > ${at(lastActiveAt)} THEN expires_at END)
          ${mark ? Prisma.sql`, shadow_end = ${at(mark.at)}, shadow_used_after = ${mark.usedAfter}` : Prisma.empty} ${from}
        WHERE id = ${id}::uuid AND generation = ${generation} AND ended_at IS NULL AND expires_at > ${at(keeping.at)}`,
    );
  }

  override async countRetry(id: SessionId, generation: number, retries: number): Promise<boolean> {
    const changed = await retrying(
      () => this.#prisma.$queryRaw<unknown[]>`
        UPDATE session SET retries = retries + 1
        WHERE id = ${id}::uuid AND generation = ${generation} AND retries = ${retries} AND ended_at IS NULL RETURNING 1`,
    );
    return changed.length === 1;
  }

  override async countSibling(
    id: SessionId,
    generation: number,
    limit: number,
    events: readonly NewEvent[],
  ): Promise<boolean> {
    const counted = await retrying(
      () => this.#prisma.$queryRaw<unknown[]>`
        WITH counted AS (
          UPDATE session s SET siblings = COALESCE(s.siblings, 0) + 1
          WHERE s.id = ${id}::uuid AND s.generation = ${generation} AND s.ended_at IS NULL
            AND COALESCE(s.siblings, 0) < ${limit}::int AND ${Prisma.raw(notCovered)} RETURNING 1
        ), recorded AS (
          ${insertEvents(events, 'WHERE EXISTS (SELECT 1 FROM counted)')}
        )
        SELECT 1 FROM counted`,
    );
    return counted.length === 1;
  }

  override async stands(id: SessionId, generation: number): Promise<boolean> {
    const rows = await this.#prisma.$queryRaw<unknown[]>`
      SELECT 1 FROM session s WHERE id = ${id}::uuid AND generation = ${generation} AND ended_at IS NULL
        AND ${Prisma.raw(notCovered)}`;
    return rows.length === 1;
  }

  override async touch(activities: readonly Activity[]): Promise<void> {
    if (activities.length === 0) return;
    // Locked in the order of their ids on every node, so that two nodes that write at once do not wait for each other.
    await retrying(
      () => this.#prisma.$executeRaw`
        WITH a AS MATERIALIZED (
          SELECT * FROM unnest(${activities.map((a) => a.id)}::uuid[], ${activities.map((a) => at(a.at))}::timestamptz[],
                               ${activities.map((a) => at(a.expiresAt))}::timestamptz[],
                               ${activities.map((a) => (a.mark ? at(a.mark.at) : null))}::timestamptz[],
                               ${activities.map((a) => a.mark?.usedAfter ?? null)}::int[]) AS a(id, at, expires_at, shadow_end, shadow_used_after)
        ), held AS MATERIALIZED (
          SELECT s.id FROM session s WHERE s.id IN (SELECT id FROM a) AND s.ended_at IS NULL ORDER BY s.id FOR NO KEY UPDATE
        )
        UPDATE session s SET last_active_at = GREATEST(s.last_active_at, a.at), expires_at = GREATEST(s.expires_at, a.expires_at),
          ${Prisma.raw(markColumns('a.shadow_end', 'a.shadow_used_after'))}
        FROM held, a WHERE s.id = held.id AND s.id = a.id AND s.ended_at IS NULL AND s.expires_at > a.at`,
    );
  }

  override async requireStepUp(id: SessionId, moment: Instant, events: readonly NewEvent[]): Promise<void> {
    await retrying(
      () => this.#prisma.$executeRaw`
        WITH marked AS (
          UPDATE session SET step_up_required_at = ${at(moment)} WHERE id = ${id}::uuid AND ended_at IS NULL
            AND (step_up_required_at IS NULL OR stepped_up_at >= step_up_required_at) RETURNING 1
        )
        ${insertEvents(events, 'WHERE EXISTS (SELECT 1 FROM marked)')}`,
    );
  }

  override end(ends: readonly End[], along?: WithEnd): Promise<readonly EndedSession[]> {
    return this.#ends.end(ends, along);
  }

  override endAll(massEnd: MassEnd, transaction?: Transaction): Promise<readonly EndedSession[]> {
    return this.#ends.endEverything(massEnd, transaction);
  }

  override async revokeAccessToken(
    tokenHash: Uint8Array,
    expiresAt: Instant,
    revoked: NewEvent,
  ): Promise<void> {
    const recorded = await this.#prisma.$queryRaw<unknown[]>`
      WITH entry AS (
        INSERT INTO revoked_token (token_hash, expires_at) VALUES (${tokenHash}, ${at(expiresAt)}) ON CONFLICT DO NOTHING RETURNING 1
      ), told AS (
        ${insertEvents([revoked], 'WHERE EXISTS (SELECT 1 FROM entry)')}
      )
      SELECT 1 FROM entry`;
    // Somebody else was first, and may have been told that nothing is known of their commit (ADR 111).
    if (recorded.length === 0) await waitForStandby(this.#statements);
  }

  /** Makes a change to one session; in the same statement with the record of the proof it was asked for with. */
  async #change({ proof, at: now }: Keeping, update: (from: Prisma.Sql) => Prisma.Sql): Promise<boolean> {
    if (!proof) {
      const statement = Prisma.sql`${update(Prisma.empty)} RETURNING 1`;
      return (await retrying(() => this.#prisma.$queryRaw<unknown[]>(statement))).length === 1;
    }
    const { kind, idHash, expiresAt } = proof;
    const [outcome] = await retrying(
      () => this.#prisma.$queryRaw<[{ recorded: boolean; changed: boolean }]>`
        WITH recorded AS (
          ${recordOnce(Prisma.sql`VALUES (${kind}, ${idHash}::bytea, ${at(expiresAt)}::timestamptz)`, Prisma.sql`${at(now)}`)}
        ), changed AS (${update(Prisma.sql`FROM recorded`)} RETURNING id)
        SELECT EXISTS (SELECT FROM recorded) AS recorded, EXISTS (SELECT FROM changed) AS changed`,
    );
    if (!outcome.recorded) throw new ProofUsedBefore();
    return outcome.changed;
  }

  async #makeRoom(
    transaction: Transaction,
    session: StoredSession,
    limit: SessionLimit,
  ): Promise<readonly EndedSession[]> {
    if (limit.most === null) return [];
    // Two sign-ins of one account at once must not both see the last free place.
    await transaction.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended('session limit ' || ${session.accountId}, 0))`;
    const live = await transaction.$queryRaw<{ id: string }[]>`
      SELECT id FROM session s WHERE account_id = ${session.accountId}::uuid AND ${rowStands(session.startedAt)}
      ORDER BY id`;
    const surplus = live.length - limit.most + 1;
    if (surplus <= 0) return [];
    if (limit.whenFull === 'refuse_new') throw new TooManySessions(limit.most);
    const ends = live.slice(0, surplus).map(({ id }) => ({
      id,
      reason: 'session_limit' as const,
      at: session.startedAt,
      detail: { because: session.id },
    }));
    return this.#ends.end(ends, { transaction });
  }
}
