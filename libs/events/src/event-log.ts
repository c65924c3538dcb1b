import type { PrismaService, Transaction } from '@curfew/persistence';
import type { Instant } from '@curfew/session-policy';

/** Something that happened, as it is about to be written. */
export interface NewEvent {
  /** UUIDv7. */
  readonly id: string;
  readonly at: Instant;
  readonly type: string;
  readonly sessionId: string | null;
  readonly accountId: string | null;
  readonly clientId: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The rows of events as one JSON parameter, for `jsonb_to_recordset` inside the statement that causes them. */
export const eventRows = (events: readonly NewEvent[]): string =>
  JSON.stringify(
    events.map(({ id, at, type, sessionId, accountId, clientId, data }) => ({
      id,
      at: new Date(at).toISOString(),
      type,
      session_id: sessionId,
      account_id: accountId,
      client_id: clientId,
      data,
    })),
  );

/** Writes events that have no change of their own to ride with. Append only. */
export class EventLog {
  readonly #prisma: PrismaService;

  constructor(prisma: PrismaService) {
    this.#prisma = prisma;
  }

  /** Durable when it returns; inside `transaction` it commits with that. */
  async record(events: readonly NewEvent[], transaction?: Transaction): Promise<void> {
    if (events.length === 0) return;
    await (transaction ?? this.#prisma).$executeRaw`
      INSERT INTO event (id, at, type, session_id, account_id, client_id, data)
      SELECT id, at, type, session_id, account_id, client_id, data
      FROM jsonb_to_recordset(${eventRows(events)}::jsonb)
        AS e(id uuid, at timestamptz, type text, session_id uuid, account_id uuid, client_id text, data jsonb)`;
  }
}
