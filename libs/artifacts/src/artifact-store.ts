import {
  Batcher,
  type HotStatement,
  type HotStatements,
  isDatabaseUnavailable,
  milliseconds,
  Prisma,
  type PrismaService,
  type Transaction,
} from '@curfew/persistence';
import { type Instant, plus, seconds } from '@curfew/session-policy';
import { hashOfId as hash, type PayloadSeal } from '@curfew/tokens';
import { commitOf } from './commit-statements.js';
import { nameOfRecord, OnceRecords } from './once-records.js';
import { RecentInteractions } from './recent-interactions.js';
import { type ArtifactKey, type FoundArtifact, StagedWrites } from './staged-writes.js';
import { deviceLookedAtAfter, leadsToDevice, upstreamDeviceKind } from './upstream-statements.js';

/** The interaction that a request ended or answered is over: it was finished meanwhile, or everything of its account was ended. */
export class InteractionUsed extends Error {
  override readonly name = 'InteractionUsed';
}

/** Somebody was signed in with this browser when the request began, and is no more. */
export class SignedOutMeanwhile extends InteractionUsed {}

type Payload = Readonly<Record<string, unknown>>;
type CodeWithGrant = Payload & { readonly grant?: Payload };

/** The stored form of a code, and of the grant it goes with. */
export interface FoundWithGrant {
  readonly payload: Payload;
  readonly grant: Payload | undefined;
  readonly isConsumed: boolean;
}

type ArtifactRow = [
  kind: string,
  payload: Uint8Array,
  idHash: Uint8Array,
  consumedAt: boolean,
  expiresAt: number,
  grantId: string | null,
  grantPayload: Uint8Array | null,
  grantExpiresAt: number | null,
];

// Requests of a sign-in read and write artifacts, so they go straight through the driver (ADR 0015). A request for an interaction in which
// consent was given, or for a code, is followed by one for its grant: it comes along.
const readBy = (rows: string): string => `
  SELECT a.kind, a.payload, a.id_hash, a.consumed_at IS NOT NULL, ${milliseconds('a.expires_at')},
    a.grant_id, g.payload, ${milliseconds('g.expires_at')}
  FROM ${rows}
  LEFT JOIN protocol_artifact g ON g.kind = 'Grant' AND g.id_hash = sha256(convert_to(a.grant_id, 'UTF8'))`;
const findStatement: HotStatement = {
  name: 'artifacts_find',
  text: readBy(
    'unnest($1::text[], $2::bytea[]) AS u(kind, id_hash) JOIN protocol_artifact a ON a.kind = u.kind AND a.id_hash = u.id_hash',
  ),
};
const findByUserCodeStatement: HotStatement = {
  name: 'artifact_find_by_user_code',
  text: `${readBy('protocol_artifact a')} WHERE a.kind = $1 AND a.user_code_hash = $2`,
};
const readLimits = { inFlight: 2, largest: 64 };

/** How long a code that nobody used is kept after it has expired. */
const unusedCodesKept = seconds(3_600);

/** The rows of devices that one statement takes. */
const devicesAtOnce = 1_000;

/** Codes, device codes, pushed requests, interactions and replay records. Ids are hashed, payloads sealed. */
export class ArtifactStore {
  readonly #prisma: PrismaService;
  readonly #seal: PayloadSeal;
  readonly #hot: HotStatements;
  readonly #recent = new RecentInteractions();
  readonly #once: OnceRecords;
  /** Codes that are shown at once are read at once. */
  readonly #reads: Batcher<ArtifactKey, ArtifactRow | undefined>;

  constructor(prisma: PrismaService, seal: PayloadSeal, hot: HotStatements) {
    this.#prisma = prisma;
    this.#seal = seal;
    this.#hot = hot;
    this.#once = new OnceRecords(hot);
    this.#reads = new Batcher((keys) => this.#rowsOf(keys), readLimits, isDatabaseUnavailable);
  }

  /**
   * Carries out what a request staged, in one commit. False where a consent had changed since it was read: that one must be given again.
   * @throws InteractionUsed where its interaction is over; then nothing was written.
   */
  async commit(writes: StagedWrites): Promise<boolean> {
    if (writes.isEmpty) return true;
    this.#recent.forget(writes);
    const { statement, values } = commitOf(writes, this.#seal);
    type Outcome = [
      ok: boolean,
      remembered: boolean,
      signedIn: boolean,
      passkeyRefused: boolean,
      xid: string | null,
      position: string,
    ];
    const [row] = await this.#hot.run<Outcome>(statement, values);
    if (row?.[3]) writes.passkeyUse?.refused?.();
    if (!row?.[0]) throw row?.[2] === false ? new SignedOutMeanwhile() : new InteractionUsed();
    this.#recent.keep(writes);
    writes.clear();
    return row[1];
  }

  /** An interaction for the page that asks. If this node made it a moment ago, it need not be read. @see RecentInteractions */
  async findForPage(key: ArtifactKey, staged: StagedWrites): Promise<FoundArtifact | undefined> {
    const recent = staged.known(key) === undefined ? this.#recent.get(key.id, staged) : undefined;
    return recent ?? this.find(key, staged);
  }

  /** The artifact with this id, used or not, expired or not. It is remembered in `staged`, as is the grant it goes with. */
  async find(key: ArtifactKey, staged: StagedWrites): Promise<FoundArtifact | undefined> {
    const known = staged.known(key);
    if (known !== undefined) return known ?? undefined;
    const found = this.#read(await this.#reads.submit(key), staged);
    if (found) staged.note(key, found);
    return found;
  }

  /**
   * A code, used or not, expired or not, with the grant it goes with; one read. A grant that was made with its code stands inside of it
   * and has no row (ADR 125).
   */
  async findWithGrant(key: ArtifactKey): Promise<FoundWithGrant | undefined> {
    const read = new StagedWrites();
    const found = await this.find(key, read);
    if (!found) return undefined;
    const payload = JSON.parse(found.text) as CodeWithGrant;
    const stored = read.known({ kind: 'Grant', id: String(payload['grantId']) });
    const grant = payload.grant ?? (stored ? (JSON.parse(stored.text) as Payload) : undefined);
    return { payload, grant, isConsumed: found.consumed };
  }

  /** The artifact a person typed the code of (RFC 8628 §3.3). */
  async findByUserCode(
    kind: string,
    userCode: string,
    staged: StagedWrites,
  ): Promise<FoundArtifact | undefined> {
    const [row] = await this.#hot.run<ArtifactRow>(findByUserCodeStatement, [kind, hash(userCode)]);
    return this.#read(row, staged);
  }

  /** Compare-and-set: true for exactly one of any number of callers, on any number of nodes. */
  async consume(key: ArtifactKey, now: Instant, transaction?: Transaction): Promise<boolean> {
    const changed = await (transaction ?? this.#prisma).$queryRaw<unknown[]>`
      UPDATE protocol_artifact SET consumed_at = ${new Date(now)}
      WHERE kind = ${key.kind} AND id_hash = ${hash(key.id)} AND consumed_at IS NULL AND expires_at > ${new Date(now)} RETURNING 1`;
    return changed.length === 1;
  }

  /** Uses an id up within `transaction`, which others that name it wait for; false where it was used up before. */
  async useUp(
    key: ArtifactKey,
    now: Instant,
    expiresAt: Instant,
    transaction: Transaction,
  ): Promise<boolean> {
    const used = await transaction.$queryRaw<unknown[]>`
      INSERT INTO protocol_artifact AS a (kind, id_hash, payload, consumed_at, expires_at)
      VALUES (${key.kind}, ${hash(key.id)}, ''::bytea, ${new Date(now)}, ${new Date(expiresAt)})
      ON CONFLICT (kind, id_hash) DO UPDATE SET consumed_at = excluded.consumed_at, expires_at = excluded.expires_at
      WHERE a.consumed_at IS NULL RETURNING 1`;
    return used.length === 1;
  }

  /** Notes within `transaction` when an id was used last, also where it had been used before; others that name it wait. */
  async noteUse(key: ArtifactKey, at: Instant, expiresAt: Instant, transaction: Transaction): Promise<void> {
    await transaction.$executeRaw`
      INSERT INTO protocol_artifact AS a (kind, id_hash, payload, consumed_at, expires_at)
      VALUES (${key.kind}, ${hash(key.id)}, ''::bytea, ${new Date(at)}, ${new Date(expiresAt)})
      ON CONFLICT (kind, id_hash) DO UPDATE SET consumed_at = GREATEST(a.consumed_at, excluded.consumed_at),
        expires_at = GREATEST(a.expires_at, excluded.expires_at)`;
  }

  /** True if nobody has registered this id before (until `expiresAt`); for proofs and assertions (RFC 9449 §11.1). */
  insertOnce(key: ArtifactKey, now: Instant, expiresAt: Instant): Promise<boolean> {
    return this.#once.record({ key, now, expiresAt });
  }

  /** Removes unused codes of a grant, so that none can be redeemed after its session ended. */
  async removeByGrant(kind: string, grantId: string): Promise<void> {
    await this.#prisma.$executeRaw`
      DELETE FROM protocol_artifact WHERE kind = ${kind} AND grant_id = ${grantId} AND consumed_at IS NULL`;
  }

  /**
   * Takes the devices that were approved in browsers of these sessions elsewhere, with those of their codes that nobody has redeemed; the ids
   * of the sessions that became of the others. Somebody who redeems one meanwhile is waited for, so that the session is there afterwards. With
   * an account, those stay that another one approved.
   */
  async takeDevices(
    keys: readonly string[],
    transaction: Transaction,
    accountId: string | null = null,
  ): Promise<readonly string[]> {
    const ids = new Set<string>();
    for (let isMore = true; isMore; ) {
      const rows = await transaction.$queryRaw<{ sessionId: string }[]>`
        DELETE FROM protocol_artifact WHERE (kind, id_hash) IN (
          SELECT a.kind, a.id_hash FROM protocol_artifact a WHERE a.kind = ${upstreamDeviceKind} AND a.grant_id = ANY(${[...keys]}::text[])
            AND (${accountId}::uuid IS NULL OR CASE WHEN a.payload <> ''::bytea THEN a.payload = ${accountId && hash(accountId)} ELSE NOT EXISTS (
              SELECT 1 FROM session s WHERE s.id = CASE WHEN a.kind = ${upstreamDeviceKind} THEN a.uid::uuid END AND s.account_id <> ${accountId}::uuid) END)
          LIMIT ${devicesAtOnce})
        RETURNING uid AS "sessionId"`;
      const taken = rows.map(({ sessionId }) => sessionId);
      if (taken.length > 0)
        await transaction.$executeRaw`
          DELETE FROM protocol_artifact WHERE kind = 'DeviceCode' AND grant_id = ANY(${taken}::text[]) AND consumed_at IS NULL`;
      for (const id of taken) ids.add(id);
      isMore = taken.length > 0;
    }
    return [...ids];
  }

  /**
   * Deletes what has expired, a batch at a time; the number of rows, which is the batch where there are more. Codes that nobody used stay for
   * a while, so that whoever comes too late is told so (RFC 8628 §3.5, `expired_token`). A row that leads to a device stays as long as the
   * session of that.
   */
  async prune(now: Instant, max: number): Promise<number> {
    const kept = await this.#keepDevices(now, max);
    return Math.max(kept, await this.#deleteExpired(now, max));
  }

  #keepDevices(now: Instant, max: number): Promise<number> {
    const later = Prisma.raw(`interval '${deviceLookedAtAfter}'`);
    return this.#prisma.$executeRaw`
      UPDATE protocol_artifact SET expires_at = ${new Date(now)}::timestamptz + ${later} WHERE (kind, id_hash) IN (
        SELECT a.kind, a.id_hash FROM protocol_artifact a WHERE a.expires_at < ${new Date(now)} AND ${Prisma.raw(leadsToDevice('a'))}
        LIMIT ${max} FOR UPDATE SKIP LOCKED)`;
  }

  #deleteExpired(now: Instant, max: number): Promise<number> {
    const before = new Date(plus(now, seconds(-unusedCodesKept)));
    return this.#prisma.$executeRaw`
      DELETE FROM protocol_artifact WHERE (kind, id_hash) IN (
        SELECT a.kind, a.id_hash FROM protocol_artifact a WHERE a.expires_at < ${new Date(now)}
          AND (a.expires_at < ${before} OR a.consumed_at IS NOT NULL OR a.kind NOT IN ('AuthorizationCode', 'DeviceCode'))
          AND NOT ${Prisma.raw(leadsToDevice('a'))}
        LIMIT ${max} FOR UPDATE SKIP LOCKED)`;
  }

  async #rowsOf(keys: readonly ArtifactKey[]): Promise<readonly (ArtifactRow | undefined)[]> {
    const [kinds, hashes] = [keys.map(({ kind }) => kind), keys.map(({ id }) => hash(id))];
    const rows = await this.#hot.run<ArtifactRow>(findStatement, [kinds, hashes]);
    const found = new Map(rows.map((row) => [nameOfRecord(row[0], row[2]), row]));
    return keys.map(({ kind }, index) => found.get(nameOfRecord(kind, hashes[index]!)));
  }

  #read(row: ArtifactRow | undefined, staged: StagedWrites): FoundArtifact | undefined {
    if (!row) return undefined;
    const [, sealed, idHash, consumed, expiresAt, grantId, grantSealed, grantExpiresAt] = row;
    const text = this.#seal.openText(sealed, Buffer.from(idHash));
    if (text === undefined) return undefined;
    if (grantId !== null && grantSealed && grantExpiresAt !== null) {
      const key = { kind: 'Grant', id: grantId };
      const grant = this.#seal.openText(grantSealed, hash(grantId));
      if (grant !== undefined && staged.known(key) === undefined)
        staged.note(key, { text: grant, consumed: false, expiresAt: moment(grantExpiresAt) });
    }
    return { text, consumed, expiresAt: moment(expiresAt) };
  }
}

const moment = (value: number): Instant => Math.round(value) as Instant;
