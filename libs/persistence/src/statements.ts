/** A statement that is parsed and planned once per connection; `name` is its identity there. */
export interface HotStatement {
  readonly name: string;
  readonly text: string;
  /**
   * The way in which the place of its commit is found, if it changes something: `in its rows` means in the last two columns of each (the
   * transaction id and the WAL position, `commitColumns`). By default it is asked for behind the statement.
   */
  readonly place?: 'in its rows' | 'noted by its caller';
}

/** An instant of the database in milliseconds since the epoch, which costs the driver less than a date. Seconds as `numeric` would cost more. */
export const milliseconds = (expression: string): string => `round(date_part('epoch', ${expression}) * 1000)`;

/**
 * The columns with which a hot statement tells the place of its own commit, which costs it nothing. They belong to rows that there are only
 * because something was written, or `written` must say whether something was: a commit that wrote nothing waits for no standby, and is not
 * to be noted (ADR 111).
 */
export const commitColumns = (written?: string): string => {
  const xid = 'pg_current_xact_id()::text';
  const told = written === undefined ? xid : `CASE WHEN ${written} THEN ${xid} END`;
  return `${told} AS xid, pg_current_wal_insert_lsn()::text AS "position"`;
};

/**
 * Writes a message into the WAL that nobody reads, and is its position: a commit with it waits until the disk and the standby have
 * everything that was written before (PostgreSQL, "Generic WAL and Logical Messages", pg_logical_emit_message).
 */
export const writtenMessage = `pg_logical_emit_message(true, 'curfew', ''::text)::text`;

/** The values of a statement whose text is put together; `value` adds one, and is its place in the text. */
export class StatementValues {
  readonly all: unknown[] = [];
  readonly value = (value: unknown, type: string): string => {
    this.all.push(value);
    return `$${this.all.length}::${type}`;
  };
}

/** Runs a statement; rows come as arrays, in the order of its columns. */
export interface Statements {
  run<Row extends unknown[]>(statement: HotStatement, values: readonly unknown[]): Promise<Row[]>;
}

const messageStatement: HotStatement = {
  name: 'written_message',
  text: `SELECT ${writtenMessage} AS "position"`,
};

/** Waits, with its transaction if there is one, until the disk and the standby have everything that is to be seen by now. */
export async function waitForStandby(statements: Statements): Promise<void> {
  await statements.run(messageStatement, []);
}
