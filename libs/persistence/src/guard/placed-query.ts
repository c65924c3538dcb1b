import pg from 'pg';
import { writtenMessage } from '../statements.js';

/** The id of a transaction that has one, and the WAL position of something that it wrote; both null for any other. */
export type CommitPlace = readonly [xid: string | null, position: string | null];

/**
 * Asks a transaction for its id and its place in the WAL. If its commit is acknowledged before it is durable (`synchronous_commit` is off),
 * nothing is promised, and it has none.
 *
 * An id does not mean that something was written: a change takes one before it waits for a row, and may find nothing to do. Such a
 * commit waits for no disk and no standby, so it could be lost without any fault, and its position could lie behind what others have not
 * been promised yet. A message makes every transaction that has an id write something, and so wait (ADR 111).
 */
export const placeText = `
  SELECT xid::text, CASE WHEN xid IS NOT NULL THEN ${writtenMessage} END
  FROM (SELECT CASE WHEN current_setting('synchronous_commit') <> 'off' THEN pg_current_xact_id_if_assigned() END AS xid) AS t`;
const placeName = 'commit_place';

/** The functions of the driver's connection that are called here; its types do not have them. */
interface Wire {
  readonly parsedStatements: Record<string, string>;
  parse(statement: { name: string; text: string; types: readonly number[] }): void;
  bind(portal: { statement: string; values: readonly unknown[] }): void;
  execute(portal: { portal?: string; rows?: number }): void;
  sync(): void;
}

interface DriverQuery {
  readonly portal: string;
  handleDataRow(message: { fields: (string | null)[] }): void;
  handleCommandComplete(message: unknown, connection: Wire): void;
}

const DriverQuery = pg.Query as unknown as new (...values: unknown[]) => DriverQuery & { callback?: unknown };

/**
 * A statement outside of a transaction that also tells the place of its commit. The question for it travels behind the statement in the
 * same message, before the Sync that commits both (PostgreSQL, "Extended Query", pipelining): no round trip more, and no commit more.
 */
export class PlacedQuery extends DriverQuery {
  place: CommitPlace | undefined;
  #isComplete = false;
  #wire: Wire | undefined;

  /** Called by the driver where it would execute the statement and send Sync. */
  _getRows(connection: Wire): void {
    this.#wire = connection;
    connection.execute({ portal: this.portal });
    if (!connection.parsedStatements[placeName])
      connection.parse({ name: placeName, text: placeText, types: [] });
    connection.bind({ statement: placeName, values: [] });
    connection.execute({});
    connection.sync();
  }

  override handleDataRow(message: { fields: (string | null)[] }): void {
    if (!this.#isComplete) super.handleDataRow(message);
    else {
      // Only here is it known that the server has the statement: after an error it skips what was sent behind.
      this.#wire!.parsedStatements[placeName] = placeText;
      this.place = [message.fields[0] ?? null, message.fields[1] ?? null];
    }
  }

  override handleCommandComplete(message: unknown, connection: Wire): void {
    if (!this.#isComplete) super.handleCommandComplete(message, connection);
    this.#isComplete = true;
  }
}
