import { insertEvents, type NewEvent } from '@curfew/events';
import type { SessionBefore, SilenceRecorder } from '@curfew/insight';
import type { PrismaService, Transaction } from '@curfew/persistence';
import { Prisma, retrying } from '@curfew/persistence';
import type { EndReason, Instant, SessionId } from '@curfew/session-policy';
import { sessionEvent } from '../session-events.js';
import { endAllWithin, endAlong, endWithin } from './end-statements.js';
import { packSignals } from './packed-columns.js';
import { type BeforeRow, readBefore, sessionBefore } from './session-before.js';
import { atDate as at, type FoundRow, readFound, startColumns, startValues } from './session-row.js';
import {
  type AcceptedStepUp,
  type Activity,
  type Alongside,
  AuthorizationKilled,
  type End,
  type EndedSession,
  type FoundSession,
  type Keeping,
  type MassEnd,
  ProofUsedBefore,
  type Retention,
  type Rotation,
  type SessionLimit,
  SessionStore,
  type StoredSession,
  TooManySessions,
  type WithEnd,
} from './session-store.js';
import { covers, killersOfSession, notKilled, rowStands } from './standing-statements.js';

/** Sessions in PostgreSQL: every change is one conditional statement, or one transaction where several rows must agree. */
export class PrismaSessionStore extends SessionStore {
  readonly #prisma: PrismaService;
  readonly #retention: Retention;
  readonly #silences: SilenceRecorder | undefined;

  constructor(prisma: PrismaService, retention: Retention, silences?: SilenceRecorder) {
    super();
    this.#prisma = prisma;
    this.#retention = retention;
    this.#silences = silences;
  }

  override async read(id: SessionId, accessTokenHash?: Uint8Array): Promise<FoundSession | undefined> {
    const rows = await this.#prisma.$queryRaw<FoundRow[]>`
      SELECT s.*, ${Prisma.raw(killersOfSession)} AS not_before,
        EXISTS (SELECT 1 FROM revoked_token r WHERE r.token_hash = ${accessTokenHash ?? null}) AS token_revoked
      FROM session s WHERE s.id = ${id}::uuid`;
    return rows[0] && readFound(rows[0]);
  }

  override async start(
    session: StoredSession,
    limit: SessionLimit,
    alongside: Alongside,
    stepUp?: AcceptedStepUp,
  ): Promise<readonly EndedSession[]> {
    const { startedAt: now, inactivityTimeout } = session;
    const begun = await retrying(() =>
      this.#prisma.$transaction(async (transaction) => {
        await alongside(transaction);
        // Whoever may not start at all is not told that there were too many.
        if (limit.most !== null) await refuseKilled(transaction, session);
        const ended = await this.#makeRoom(transaction, session, limit);
        const { killedBy, waiting, before } = await insertSession(transaction, session, stepUp);
        if (killedBy) throw new AuthorizationKilled(killedBy);
        if (stepUp && waiting.length > 0) await healWithin(transaction, stepUp, waiting, now);
        return { ended, before };
      }),
    );
    this.#silences?.started(session, begun.before, inactivityTimeout, now);
    return begun.ended;
  }

  override rotate(rotation: Rotation): Promise<boolean> {
    const { id, fromGeneration, lastActiveAt, expiresAt, tokenHash, successorSeal } = rotation;
    return this.#change(
      rotation,
      (from) => Prisma.sql`
        UPDATE session SET generation = generation + 1, retries = 0, rotated_at = ${at(rotation.at)},
          last_active_at = GREATEST(last_active_at, ${at(lastActiveAt)}),
          expires_at = GREATEST(${at(expiresAt)}, CASE WHEN last_active_at > ${at(lastActiveAt)} THEN expires_at END),
          token_hash = ${tokenHash}, successor_seal = ${successorSeal} ${from}
        WHERE id = ${id}::uuid AND generation = ${fromGeneration} AND ended_at IS NULL AND expires_at > ${at(rotation.at)}`,
    );
  }

  override keep(keeping: Keeping): Promise<boolean> {
    const { id, generation, lastActiveAt, expiresAt } = keeping;
    return this.#change(
      keeping,
      (from) => Prisma.sql`
        UPDATE session SET last_active_at = GREATEST(last_active_at, ${at(lastActiveAt)}),
          expires_at = GREATEST(${at(expiresAt)}, CASE WHEN last_active_at > ${at(lastActiveAt)} THEN expires_at END) ${from}
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

  override async stands(id: SessionId, generation: number): Promise<boolean> {
    const rows = await this.#prisma.$queryRaw<unknown[]>`
      SELECT 1 FROM session s WHERE id = ${id}::uuid AND generation = ${generation} AND ended_at IS NULL
        AND ${Prisma.raw(notKilled)}`;
    return rows.length === 1;
  }

  override async touch(activities: readonly Activity[]): Promise<void> {
    if (activities.length === 0) return;
    // Locked in the order of their ids on every node, so that two nodes that write at once do not wait for each other.
    await retrying(
      () => this.#prisma.$executeRaw`
        WITH a AS MATERIALIZED (
          SELECT * FROM unnest(${activities.map((a) => a.id)}::uuid[], ${activities.map((a) => at(a.at))}::timestamptz[],
                               ${activities.map((a) => at(a.expiresAt))}::timestamptz[]) AS a(id, at, expires_at)
        ), held AS MATERIALIZED (
          SELECT s.id FROM session s WHERE s.id IN (SELECT id FROM a) AND s.ended_at IS NULL ORDER BY s.id FOR NO KEY UPDATE
        )
        UPDATE session s SET last_active_at = GREATEST(s.last_active_at, a.at), expires_at = GREATEST(s.expires_at, a.expires_at)
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

  override async end(ends: readonly End[], along: WithEnd = {}): Promise<readonly EndedSession[]> {
    if (ends.length === 0) return [];
    const work = () => endAlong(this.#prisma, ends, along, this.#retention, this.#silences);
    // What lost inside somebody else's transaction can only be tried again with the whole of it.
    return along.transaction ? work() : retrying(work);
  }

  override async endAll(massEnd: MassEnd, transaction?: Transaction): Promise<readonly EndedSession[]> {
    const within = (own: Transaction) => endAllWithin(own, massEnd, this.#retention, this.#silences);
    return transaction ? within(transaction) : retrying(() => this.#prisma.$transaction(within));
  }

  override async revokeAccessToken(
    tokenHash: Uint8Array,
    expiresAt: Instant,
    revoked: NewEvent,
  ): Promise<void> {
    await this.#prisma.$executeRaw`
      WITH entry AS (
        INSERT INTO revoked_token (token_hash, expires_at) VALUES (${tokenHash}, ${at(expiresAt)}) ON CONFLICT DO NOTHING RETURNING 1
      )
      ${insertEvents([revoked], 'WHERE EXISTS (SELECT 1 FROM entry)')}`;
  }

  /** Makes a change to one session; in the same statement with the record of the proof it was asked for with. */
  async #change(
    { proof, at: now }: Rotation | Keeping,
    update: (from: Prisma.Sql) => Prisma.Sql,
  ): Promise<boolean> {
    if (!proof) {
      const statement = Prisma.sql`${update(Prisma.empty)} RETURNING 1`;
      return (await retrying(() => this.#prisma.$queryRaw<unknown[]>(statement))).length === 1;
    }
    const { kind, idHash, expiresAt } = proof;
    const [outcome] = await retrying(
      () => this.#prisma.$queryRaw<[{ recorded: boolean; changed: boolean }]>`
        WITH recorded AS (
          INSERT INTO protocol_artifact (kind, id_hash, payload, expires_at) VALUES (${kind}, ${idHash}, ''::bytea, ${at(expiresAt)})
          ON CONFLICT (kind, id_hash) DO UPDATE SET expires_at = excluded.expires_at WHERE protocol_artifact.expires_at <= ${at(now)}
          RETURNING id_hash
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
    return endWithin(transaction, ends, [], this.#retention, { silences: this.#silences });
  }
}

/** The entries that end what is only being started: it has no row to compare with yet. */
const killersOfNew = ({ accountId, clientId, signedInAt }: StoredSession): Prisma.Sql => Prisma.sql`
  FROM not_before n, (SELECT ${accountId}::text AS account, ${clientId}::text AS client, ${at(signedInAt)}::timestamptz AS at) a
  WHERE ${Prisma.raw(covers({ account: 'a.account', client: 'a.client', at: 'a.at' }))}`;

async function refuseKilled(transaction: Transaction, session: StoredSession): Promise<void> {
  const killers = await transaction.$queryRaw<{ reason: EndReason }[]>`
    SELECT n.reason ${killersOfNew(session)} ORDER BY n.at LIMIT 1`;
  if (killers[0]) throw new AuthorizationKilled(killers[0].reason);
}

/**
 * A step-up was made (RFC 9470): the sessions that await it have its circumstances as their baseline, and the sign-in
 * counts as activity. `auth_time` counts in seconds: a demand within that very second may have come later, and still stands.
 */
async function healWithin(
  transaction: Transaction,
  { accountId, clientId, authenticatedAt, signals }: AcceptedStepUp,
  waiting: readonly string[],
  now: Instant,
): Promise<void> {
  await transaction.$executeRaw`
    UPDATE session SET baseline = ${JSON.stringify(packSignals(signals))}::jsonb,
      stepped_up_at = GREATEST(step_up_required_at, ${at(authenticatedAt)}), last_active_at = GREATEST(last_active_at, ${at(now)}),
      expires_at = LEAST(absolute_deadline, GREATEST(expires_at, ${at(now)}::timestamptz + make_interval(secs => inactivity_timeout)))
    WHERE id = ANY(${[...waiting]}::uuid[])`;
  const events = waiting.map((id) =>
    sessionEvent({ id, accountId, clientId }, 'session.stepped_up', { signals }, now),
  );
  await transaction.$executeRaw(insertEvents(events));
}

/**
 * Starts the session unless everything of its account, of its client or of everyone has been ended since it was authorized, and finds those
 * that wait for the step-up it stands for. One statement: whoever redeems a code waits for each.
 */
async function insertSession(
  transaction: Transaction,
  session: StoredSession,
  stepUp: AcceptedStepUp | undefined,
): Promise<{ killedBy: EndReason | null; waiting: readonly string[]; before: SessionBefore }> {
  const { accountId, clientId, offline, resources, baseline: signals } = session;
  const columns = Prisma.raw(startColumns.map((name) => `"${name}"`).join(', '));
  const event = sessionEvent(session, 'session.started', { offline, resources, signals }, session.startedAt);
  const [row] = await transaction.$queryRaw<({ reason: EndReason | null; waiting: string[] } & BeforeRow)[]>`
    WITH killer AS (
      SELECT n.reason ${killersOfNew(session)} ORDER BY n.at LIMIT 1
    ), before AS MATERIALIZED (${sessionBefore(session)}), started AS (
      INSERT INTO session (${columns}, after_idle_cut)
      SELECT ${columns}, (SELECT true FROM before WHERE cut_at IS NOT NULL) FROM jsonb_populate_record(NULL::session, ${startValues(session)}::jsonb)
      WHERE NOT EXISTS (SELECT 1 FROM killer) RETURNING 1
    ), told AS (
      ${insertEvents([event], 'WHERE EXISTS (SELECT 1 FROM started)')}
    ), waiting AS (
      SELECT id FROM session
      WHERE browser_session_uid = ${stepUp?.browserSessionUid ?? null}::text AND account_id = ${accountId}::uuid AND client_id = ${clientId}
        AND ended_at IS NULL AND expires_at > ${at(session.startedAt)}
        AND step_up_required_at <= ${stepUp ? at(stepUp.authenticatedAt) : null}::timestamptz
        AND (stepped_up_at IS NULL OR stepped_up_at < step_up_required_at)
      ORDER BY id FOR UPDATE
    )
    SELECT (SELECT reason FROM killer) AS reason, ARRAY(SELECT id::text FROM waiting) AS waiting, b.*
    FROM (SELECT 1) one LEFT JOIN before b ON true`;
  return { killedBy: row!.reason, waiting: row!.waiting, before: readBefore(row!) };
}
