import type { PrismaService } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';
import type { PayloadSeal } from '@curfew/tokens';
import type { Answer } from '../contract/answer.js';

/** Names one key of one caller, and what was asked with it. */
export interface KeyEntry {
  readonly caller: string;
  readonly keyHash: Buffer;
  readonly requestHash: Buffer;
}

/** An answer as it is kept. */
export interface KeptAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

/** Whether this request is the first, or what became of the first. */
export type Begun =
  | { readonly kind: 'first' }
  | { readonly kind: 'under_way'; readonly requestHash: Buffer }
  | { readonly kind: 'answered'; readonly requestHash: Buffer; readonly answer: KeptAnswer };

interface Row {
  request_hash: Uint8Array;
  answer: Uint8Array | null;
}

/** Rows of the table `idempotency_key`. Answers are sealed: one may hold a secret that is shown once. */
export class IdempotencyStore {
  constructor(
    private readonly prisma: PrismaService,
    private readonly seal: PayloadSeal,
  ) {}

  /** Takes the key for this request; among any number of simultaneous callers, exactly one is the first. */
  async begin(entry: KeyEntry, now: Instant, expiresAt: Instant, abandonedBefore: Instant): Promise<Begun> {
    const taken = await this.prisma.$queryRaw<unknown[]>`
      INSERT INTO idempotency_key (caller, key_hash, request_hash, created_at, expires_at)
      VALUES (${entry.caller}, ${entry.keyHash}, ${entry.requestHash}, ${new Date(now)}, ${new Date(expiresAt)})
      ON CONFLICT (caller, key_hash) DO UPDATE SET request_hash = excluded.request_hash, status = NULL, answer = NULL,
        created_at = excluded.created_at, expires_at = excluded.expires_at
      WHERE idempotency_key.expires_at <= excluded.created_at
         OR (idempotency_key.status IS NULL AND idempotency_key.created_at < ${new Date(abandonedBefore)})
      RETURNING 1`;
    if (taken.length === 1) return { kind: 'first' };
    const rows = await this.prisma.$queryRaw<Row[]>`
      SELECT request_hash, answer FROM idempotency_key WHERE caller = ${entry.caller} AND key_hash = ${entry.keyHash}`;
    const row = rows[0];
    // Forgotten in between: the first request failed, and its repeat may come again.
    if (!row) return { kind: 'under_way', requestHash: entry.requestHash };
    const requestHash = Buffer.from(row.request_hash);
    const answer: unknown = row.answer && this.seal.open(row.answer, contextOf(entry));
    if (!answer) return { kind: 'under_way', requestHash };
    return { kind: 'answered', requestHash, answer: answer as KeptAnswer };
  }

  /** Keeps the answer for repeats. */
  async finish(entry: KeyEntry, { status, body, headers }: Answer): Promise<void> {
    const sealed = this.seal.close({ status, body, headers }, contextOf(entry));
    await this.prisma.$executeRaw`
      UPDATE idempotency_key SET status = ${status}, answer = ${sealed}
      WHERE caller = ${entry.caller} AND key_hash = ${entry.keyHash} AND request_hash = ${entry.requestHash}`;
  }

  /** Frees the key of a request that came to nothing. */
  async forget(entry: KeyEntry): Promise<void> {
    await this.prisma.$executeRaw`
      DELETE FROM idempotency_key WHERE caller = ${entry.caller} AND key_hash = ${entry.keyHash} AND status IS NULL`;
  }

  /** Deletes what expired before `now`, at most `most`; the number deleted. */
  async prune(now: Instant, most: number): Promise<number> {
    return this.prisma.$executeRaw`
      DELETE FROM idempotency_key WHERE (caller, key_hash) IN (
        SELECT caller, key_hash FROM idempotency_key WHERE expires_at < ${new Date(now)} LIMIT ${most} FOR UPDATE SKIP LOCKED)`;
  }
}

const contextOf = ({ caller, keyHash }: KeyEntry): Buffer => Buffer.concat([Buffer.from(caller), keyHash]);
