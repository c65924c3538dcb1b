import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { ReceiverKind } from './delivery.js';

/** Whether a receiver is told, is told later, or is not told at all. */
export type ReceiverStatus = 'enabled' | 'paused' | 'disabled';

/** A receiver as an operator sees it; never with its secret. */
export interface Receiver {
  readonly id: string;
  readonly kind: ReceiverKind;
  readonly name: string;
  readonly address: string | null;
  readonly clientId: string | null;
  /** Empty: all. */
  readonly eventTypes: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly status: ReceiverStatus;
  readonly statusReason: string | null;
  readonly version: number;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
  readonly waiting: number;
  readonly dead: number;
}

/** A delivery that was given up. */
export interface DeadLetter {
  /** Decimal digits. */
  readonly id: string;
  readonly receiverId: string;
  readonly eventId: string;
  readonly eventAt: Instant;
  readonly sessionId: string | null;
  readonly attempts: number;
  readonly cause: string | null;
  readonly deadAt: Instant;
}

/** The fields of a receiver that may be written. */
export interface ReceiverFields {
  readonly name: string;
  readonly address: string | null;
  readonly clientId: string | null;
  readonly eventTypes: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly status: ReceiverStatus;
  readonly statusReason: string | null;
}

interface ReceiverRow {
  id: string;
  kind: ReceiverKind;
  name: string;
  address: string | null;
  client_id: string | null;
  event_types: string[];
  settings: Record<string, unknown>;
  status: ReceiverStatus;
  status_reason: string | null;
  version: number;
  created_at: Date;
  updated_at: Date;
  waiting: number;
  dead: number;
}

const at = (date: Date): Instant => instant(date.getTime());

/** Rows of the tables `delivery_receiver` and, as far as people look at them, `delivery`. */
export class ReceiversStore {
  constructor(private readonly prisma: PrismaService) {}

  async insert(
    id: string,
    kind: ReceiverKind,
    fields: ReceiverFields,
    secrets: readonly Uint8Array[],
    now: Instant,
    transaction?: Transaction,
  ): Promise<void> {
    const { name, address, clientId, eventTypes, settings, status, statusReason } = fields;
    await (transaction ?? this.prisma).$executeRaw`
      INSERT INTO delivery_receiver (id, kind, name, address, client_id, event_types, secrets, settings, status, status_reason, created_at, updated_at)
      VALUES (${id}, ${kind}, ${name}, ${address}, ${clientId}, ${[...eventTypes]}::text[], ${secrets.map(Buffer.from)}::bytea[],
        ${JSON.stringify(settings)}::jsonb, ${status}, ${statusReason}, ${new Date(now)}, ${new Date(now)})`;
  }

  /**
   * Replaces what may be written, if the row still has this version; says whether it did. A receiver that was disabled and no longer is
   * hears of what happens from now on, like a new one.
   */
  async replace(
    id: string,
    version: number,
    fields: ReceiverFields,
    now: Instant,
    transaction?: Transaction,
  ): Promise<boolean> {
    const { name, address, clientId, eventTypes, settings, status, statusReason } = fields;
    const changed = await (transaction ?? this.prisma).$queryRaw<unknown[]>`
      UPDATE delivery_receiver SET name = ${name}, address = ${address}, client_id = ${clientId}, event_types = ${[...eventTypes]}::text[],
        settings = ${JSON.stringify(settings)}::jsonb, status = ${status}, status_reason = ${statusReason},
        since = CASE WHEN status = 'disabled' THEN pg_current_snapshot() ELSE since END, updated_at = ${new Date(now)}, version = version + 1
      WHERE id = ${id} AND version = ${version} RETURNING 1`;
    return changed.length === 1;
  }

  /** Puts a new secret before the newest one, which stays so that receivers can change over; older ones go. */
  async addSecret(id: string, sealed: Uint8Array, now: Instant, transaction?: Transaction): Promise<boolean> {
    const changed = await (transaction ?? this.prisma).$queryRaw<unknown[]>`
      UPDATE delivery_receiver SET secrets = ARRAY[${Buffer.from(sealed)}::bytea] || secrets[1:1], updated_at = ${new Date(now)}, version = version + 1
      WHERE id = ${id} AND kind = 'webhook' RETURNING 1`;
    return changed.length === 1;
  }

  /** Keeps a token about no event until the receiver has acknowledged it; null lets it go. */
  async keepVerification(
    id: string,
    kept: { readonly jti: string; readonly token: string } | null,
  ): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE delivery_receiver SET settings = (settings - 'verification') || ${JSON.stringify(kept ? { verification: kept } : {})}::jsonb WHERE id = ${id}`;
  }

  /** The newest secret, sealed; undefined for a receiver without one. */
  async secret(id: string): Promise<Uint8Array | undefined> {
    const [row] = await this.prisma.$queryRaw<{ secret: Uint8Array | null }[]>`
      SELECT secrets[1] AS secret FROM delivery_receiver WHERE id = ${id}`;
    return row?.secret ?? undefined;
  }

  async remove(id: string, transaction?: Transaction): Promise<boolean> {
    const removed = await (transaction ?? this.prisma).$queryRaw<unknown[]>`
      DELETE FROM delivery_receiver WHERE id = ${id} AND kind <> 'logout' RETURNING 1`;
    return removed.length === 1;
  }

  async find(id: string, transaction?: Transaction): Promise<Receiver | null> {
    return (await this.#read(id, null, 1, transaction))[0] ?? null;
  }

  /** In the order of their ids, after `after`. */
  page(after: string | null, most: number): Promise<Receiver[]> {
    return this.#read(null, after, most);
  }

  async #read(
    id: string | null,
    after: string | null,
    most: number,
    database: Transaction | PrismaService = this.prisma,
  ): Promise<Receiver[]> {
    const rows = await database.$queryRaw<ReceiverRow[]>`
      SELECT r.id, r.kind, r.name, r.address, r.client_id, r.event_types, r.settings, r.status, r.status_reason, r.version, r.created_at, r.updated_at,
        (SELECT count(*)::int FROM delivery d WHERE d.receiver_id = r.id AND d.dead_at IS NULL) AS waiting,
        (SELECT count(*)::int FROM delivery d WHERE d.receiver_id = r.id AND d.dead_at IS NOT NULL) AS dead
      FROM delivery_receiver r WHERE (${id}::text IS NULL OR r.id = ${id}) AND (${after}::text IS NULL OR r.id > ${after})
      ORDER BY r.id LIMIT ${most}`;
    return rows.map((row) => ({
      id: row.id,
      kind: row.kind,
      name: row.name,
      address: row.address,
      clientId: row.client_id,
      eventTypes: row.event_types,
      settings: row.settings,
      status: row.status,
      statusReason: row.status_reason,
      version: row.version,
      createdAt: at(row.created_at),
      updatedAt: at(row.updated_at),
      waiting: row.waiting,
      dead: row.dead,
    }));
  }

  /** Dead letters in the order of their numbers, after `after`. */
  async deadLetters(receiverId: string | null, after: string | null, most: number): Promise<DeadLetter[]> {
    const rows = await this.prisma.$queryRaw<
      {
        id: string;
        receiver_id: string;
        event_id: string;
        event_at: Date;
        session_id: string | null;
        attempts: number;
        last_cause: string | null;
        dead_at: Date;
      }[]
    >`
      SELECT id::text AS id, receiver_id, event_id::text AS event_id, event_at, session_id::text AS session_id, attempts, last_cause, dead_at
      FROM delivery WHERE dead_at IS NOT NULL AND (${receiverId}::text IS NULL OR receiver_id = ${receiverId})
        AND id > ${after ?? '0'}::text::bigint ORDER BY delivery.id LIMIT ${most}`;
    return rows.map((row) => ({
      id: row.id,
      receiverId: row.receiver_id,
      eventId: row.event_id,
      eventAt: at(row.event_at),
      sessionId: row.session_id,
      attempts: row.attempts,
      cause: row.last_cause,
      deadAt: at(row.dead_at),
    }));
  }

  /** Has dead letters of a receiver (these, or all) sent again, from the first attempt; says how many. */
  redrive(
    receiverId: string,
    ids: readonly string[] | 'all',
    now: Instant,
    transaction?: Transaction,
  ): Promise<number> {
    const some = ids === 'all' ? null : [...ids];
    return (transaction ?? this.prisma).$executeRaw`
      UPDATE delivery SET dead_at = NULL, attempts = 0, next_attempt_at = ${new Date(now)}
      WHERE receiver_id = ${receiverId} AND dead_at IS NOT NULL AND (${some}::text[] IS NULL OR id::text = ANY(${some}::text[]))`;
  }
}
