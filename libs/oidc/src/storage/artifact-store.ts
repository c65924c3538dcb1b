import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { HotStatement, HotStatements, PrismaService, Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import type { KeyRing } from '@curfew/sessions';

/** Names one artifact without giving it away. */
export interface ArtifactKey {
  readonly kind: string;
  readonly id: string;
}

/** An artifact as found: its payload, whether it was used, and when it was made. */
export interface FoundArtifact {
  readonly payload: Record<string, unknown>;
  readonly consumed: boolean;
  readonly expiresAt: Instant;
}

/** What an id or a code is stored as. */
export const hashArtifactId = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Seals payloads under a service key, so that a dump of the database opens nothing and shows nothing. */
export class PayloadSeal {
  readonly #keys: KeyRing;

  constructor(keys: KeyRing) {
    this.#keys = keys;
  }

  /** Sealed bytes that open only beside the same `context`. */
  close(payload: unknown, context: Buffer): Buffer {
    const header = Buffer.concat([Buffer.of(this.#keys.current.id), randomBytes(12)]);
    const cipher = createCipheriv('aes-256-gcm', this.#keys.current.key, header.subarray(1));
    cipher.setAAD(context);
    const sealed = cipher.update(JSON.stringify(payload), 'utf8');
    return Buffer.concat([header, sealed, cipher.final(), cipher.getAuthTag()]);
  }

  /** The payload, or undefined when its key is gone or the row was tampered with. */
  open(sealed: Uint8Array, context: Buffer): Record<string, unknown> | undefined {
    const bytes = Buffer.from(sealed);
    const key = this.#keys.find(bytes[0]!);
    if (!key) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', key.key, bytes.subarray(1, 13));
    decipher.setAAD(context);
    decipher.setAuthTag(bytes.subarray(bytes.length - 16));
    try {
      const text =
        decipher.update(bytes.subarray(13, bytes.length - 16), undefined, 'utf8') + decipher.final('utf8');
      return JSON.parse(text) as Record<string, unknown>;
    } catch {
      return undefined;
    }
  }
}

type ArtifactRow = [payload: Uint8Array, idHash: Uint8Array, consumedAt: Date | null, expiresAt: Date];

// A sign-in reads and writes artifacts two dozen times, so they go straight through the driver (ADR 0015).
const columns = 'payload, id_hash, consumed_at, expires_at';
const findStatement: HotStatement = {
  name: 'artifact_find',
  text: `SELECT ${columns} FROM protocol_artifact WHERE kind = $1 AND id_hash = $2`,
};
const findByUserCodeStatement: HotStatement = {
  name: 'artifact_find_by_user_code',
  text: `SELECT ${columns} FROM protocol_artifact WHERE kind = $1 AND user_code_hash = $2`,
};
const saveStatement: HotStatement = {
  name: 'artifact_save',
  text: `
    INSERT INTO protocol_artifact (kind, id_hash, payload, grant_id, user_code_hash, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (kind, id_hash) DO UPDATE SET payload = excluded.payload, grant_id = excluded.grant_id,
      user_code_hash = excluded.user_code_hash, expires_at = excluded.expires_at
    WHERE protocol_artifact.consumed_at IS NULL`,
};
const insertOnceStatement: HotStatement = {
  name: 'artifact_insert_once',
  text: `
    INSERT INTO protocol_artifact (kind, id_hash, payload, expires_at) VALUES ($1, $2, ''::bytea, $3)
    ON CONFLICT (kind, id_hash) DO UPDATE SET expires_at = excluded.expires_at WHERE protocol_artifact.expires_at <= $4
    RETURNING 1`,
};
const removeStatement: HotStatement = {
  name: 'artifact_remove',
  text: 'DELETE FROM protocol_artifact WHERE kind = $1 AND id_hash = $2',
};

/** Codes, device codes, pushed requests, interactions and replay records. Ids are hashed, payloads sealed. */
export class ArtifactStore {
  readonly #prisma: PrismaService;
  readonly #seal: PayloadSeal;
  readonly #hot: HotStatements;

  constructor(prisma: PrismaService, seal: PayloadSeal, hot: HotStatements) {
    this.#prisma = prisma;
    this.#seal = seal;
    this.#hot = hot;
  }

  /** Writes or replaces an artifact. A consumed one stays as it is: nothing that was used once comes back. */
  async save(key: ArtifactKey, payload: Record<string, unknown>, expiresAt: Instant): Promise<void> {
    const idHash = hashArtifactId(key.id);
    const userCode = typeof payload['userCode'] === 'string' ? hashArtifactId(payload['userCode']) : null;
    const grantId = typeof payload['grantId'] === 'string' ? payload['grantId'] : null;
    const sealed = this.#seal.close(payload, idHash);
    await this.#hot.run(saveStatement, [key.kind, idHash, sealed, grantId, userCode, new Date(expiresAt)]);
  }

  /** The artifact with this id, used or not, expired or not. */
  async find(key: ArtifactKey): Promise<FoundArtifact | undefined> {
    const rows = await this.#hot.run<ArtifactRow>(findStatement, [key.kind, hashArtifactId(key.id)]);
    return this.#read(rows[0]);
  }

  /** The artifact a person typed the code of (RFC 8628 §3.3). */
  async findByUserCode(kind: string, userCode: string): Promise<FoundArtifact | undefined> {
    const rows = await this.#hot.run<ArtifactRow>(findByUserCodeStatement, [kind, hashArtifactId(userCode)]);
    return this.#read(rows[0]);
  }

  /** Compare-and-set: true for exactly one of any number of callers, on any number of nodes. */
  async consume(key: ArtifactKey, now: Instant, transaction?: Transaction): Promise<boolean> {
    const changed = await (transaction ?? this.#prisma).$executeRaw`
      UPDATE protocol_artifact SET consumed_at = ${new Date(now)}
      WHERE kind = ${key.kind} AND id_hash = ${hashArtifactId(key.id)} AND consumed_at IS NULL AND expires_at > ${new Date(now)}`;
    return changed === 1;
  }

  /** True if nobody has registered this id before (until `expiresAt`); for proofs and assertions (RFC 9449 §11.1). */
  async insertOnce(key: ArtifactKey, now: Instant, expiresAt: Instant): Promise<boolean> {
    const values = [key.kind, hashArtifactId(key.id), new Date(expiresAt), new Date(now)];
    const inserted = await this.#hot.run(insertOnceStatement, values);
    return inserted.length === 1;
  }

  /** Forgets an artifact. */
  async remove(key: ArtifactKey): Promise<void> {
    await this.#hot.run(removeStatement, [key.kind, hashArtifactId(key.id)]);
  }

  /** Kills unused codes of a grant, so that none can be redeemed after its session ended. */
  async removeByGrant(kind: string, grantId: string): Promise<void> {
    await this.#prisma.$executeRaw`
      DELETE FROM protocol_artifact WHERE kind = ${kind} AND grant_id = ${grantId} AND consumed_at IS NULL`;
  }

  /** Deletes what expired before `before`, a batch at a time; the number deleted. */
  async prune(before: Instant, most: number): Promise<number> {
    return this.#prisma.$executeRaw`
      DELETE FROM protocol_artifact WHERE (kind, id_hash) IN (
        SELECT kind, id_hash FROM protocol_artifact WHERE expires_at < ${new Date(before)} LIMIT ${most} FOR UPDATE SKIP LOCKED)`;
  }

  #read(row: ArtifactRow | undefined): FoundArtifact | undefined {
    if (!row) return undefined;
    const [sealed, idHash, consumedAt, expiresAt] = row;
    const payload = this.#seal.open(sealed, Buffer.from(idHash));
    if (!payload) return undefined;
    return { payload, consumed: consumedAt !== null, expiresAt: expiresAt.getTime() as Instant };
  }
}
