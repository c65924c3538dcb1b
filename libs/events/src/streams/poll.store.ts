import type { PrismaService } from '@curfew/persistence';
import { type Instant, instant } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';

/** An event that waits to be fetched. */
export interface WaitingEvent {
  readonly deliveryId: string;
  readonly event: StoredEvent;
}

interface WaitingRow {
  delivery_id: string;
  id: string;
  at: Date;
  type: string;
  session_id: string | null;
  account_id: string | null;
  client_id: string | null;
  data: Record<string, unknown>;
}

/** The events that a polling receiver fetches and acknowledges. */
export class PollStore {
  constructor(private readonly prisma: PrismaService) {}

  /** The oldest events that were not acknowledged, in order. They stay until they are. */
  async waiting(receiverId: string, most: number): Promise<WaitingEvent[]> {
    const rows = await this.prisma.$queryRaw<WaitingRow[]>`
      SELECT d.id::text AS delivery_id, e.id::text AS id, e.at, e.type, e.session_id::text AS session_id, e.account_id::text AS account_id, e.client_id, e.data
      FROM delivery d JOIN any_event e ON e.id = d.event_id
      WHERE d.receiver_id = ${receiverId} AND d.dead_at IS NULL ORDER BY d.id LIMIT ${most}`;
    return rows.map((row) => ({
      deliveryId: row.delivery_id,
      event: {
        id: row.id,
        at: instant(row.at.getTime()),
        type: row.type,
        sessionId: row.session_id,
        accountId: row.account_id,
        clientId: row.client_id,
        data: row.data,
      },
    }));
  }

  /** The receiver has these, or there was nothing to say about them. */
  async acknowledge(receiverId: string, deliveryIds: readonly string[]): Promise<void> {
    if (deliveryIds.length === 0) return;
    await this.prisma.$executeRaw`
      DELETE FROM delivery WHERE receiver_id = ${receiverId} AND id = ANY(${[...deliveryIds]}::text[]::bigint[])`;
  }

  /** The receiver cannot read this one: it becomes a dead letter. */
  async refuse(receiverId: string, deliveryId: string, cause: string, now: Instant): Promise<void> {
    await this.prisma.$executeRaw`
      UPDATE delivery SET dead_at = ${new Date(now)}, last_cause = ${cause} WHERE receiver_id = ${receiverId} AND id = ${deliveryId}::text::bigint AND dead_at IS NULL`;
  }
}
