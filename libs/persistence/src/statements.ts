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

/** The columns with which a hot statement tells the place of its own commit, which costs it nothing. */
export const commitColumns =
  'pg_current_xact_id()::text AS xid, pg_current_wal_insert_lsn()::text AS "position"';

/** Runs a statement; rows come as arrays, in the order of its columns. */
export interface Statements {
  run<Row extends unknown[]>(statement: HotStatement, values: readonly unknown[]): Promise<Row[]>;
}
