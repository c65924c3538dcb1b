import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { retrying } from '@curfew/persistence';
import pg from 'pg';
import type { TestDatabase } from './database.js';

/** The fault at the chosen place. */
export type Fault =
  /** The statement fails as with a programming error (SQLSTATE P0001 or the given one, such as 40001). */
  | { readonly kind: 'raise'; readonly state?: string }
  | { readonly kind: 'sleep'; readonly seconds: number }
  /** The server ends the connection, as in a crash: nothing is committed. */
  | { readonly kind: 'terminate' }
  /** The statement waits until the test opens the barrier. */
  | { readonly kind: 'barrier' };

/** The place at which a fault strikes. */
export interface Place {
  readonly table: string;
  readonly operation: 'INSERT' | 'UPDATE' | 'DELETE';
  /** `commit`: everything in the transaction has been done, only the commit itself is missing. */
  readonly timing: 'before' | 'after' | 'commit';
  /** A condition on NEW and OLD, in SQL. */
  readonly when?: string;
  /** Strikes only so many times, then never again; by default always. */
  readonly times?: number;
}

/** A fault in place. */
export interface InstalledFault {
  /** How often it has struck. */
  struck(): Promise<number>;
  /** Barrier: waits until so many transactions stand before it. */
  arrived(transactions: number): Promise<void>;
  /** Barrier: lets everybody pass, also those who come later. */
  open(): Promise<void>;
  /** Takes the fault out again. */
  remove(): Promise<void>;
}

/** Makes one operation on one table fail, at exactly one place, by a trigger. */
export async function failExactlyAt(
  database: TestDatabase,
  place: Place,
  fault: Fault,
): Promise<InstalledFault> {
  const name = `fault_${randomBytes(4).toString('hex')}`;
  const lock = Number.parseInt(randomBytes(4).toString('hex'), 16);
  // A sequence counts outside of transactions: a strike that is rolled back has still happened.
  await database.query(`CREATE SEQUENCE ${name}`);
  await database.query(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('${name}') <= ${place.times ?? '9223372036854775807'} THEN ${statementsOf(fault, lock)} END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$`);
  const keeper = fault.kind === 'barrier' ? await closeBarrier(database.url, lock) : undefined;
  const condition = place.when === undefined ? '' : `WHEN (${place.when})`;
  const trigger =
    place.timing === 'commit'
      ? `CREATE CONSTRAINT TRIGGER ${name} AFTER ${place.operation} ON "${place.table}" DEFERRABLE INITIALLY DEFERRED`
      : `CREATE TRIGGER ${name} ${place.timing.toUpperCase()} ${place.operation} ON "${place.table}"`;
  await database.query(`${trigger} FOR EACH ROW ${condition} EXECUTE FUNCTION ${name}()`);
  return {
    async struck() {
      const [row] = await database.query<{ count: number }>(
        `SELECT least(${place.times ?? 'last_value'}, CASE WHEN is_called THEN last_value ELSE 0 END)::int AS count FROM ${name}`,
      );
      return row!.count;
    },
    async arrived(transactions) {
      while ((await waitingAt(database, lock)) < transactions) await pause(10);
    },
    async open() {
      await keeper?.end();
    },
    async remove() {
      await keeper?.end().catch(() => {});
      // A statement under way may hold the table; a fault that stayed in place would fail whatever comes next.
      await retrying(() => database.query(`DROP FUNCTION ${name} CASCADE`), 10);
      await database.query(`DROP SEQUENCE ${name}`);
    },
  };
}

function statementsOf(fault: Fault, lock: number): string {
  switch (fault.kind) {
    case 'raise':
      return `RAISE EXCEPTION 'a fault put in by a test' USING ERRCODE = '${fault.state ?? 'P0001'}';`;
    case 'sleep':
      return `PERFORM pg_sleep(${fault.seconds});`;
    case 'terminate':
      return 'PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1);';
    case 'barrier':
      return `PERFORM pg_advisory_xact_lock_shared(${lock});`;
  }
}

async function closeBarrier(url: string, lock: number): Promise<pg.Client> {
  const keeper = new pg.Client({ connectionString: url });
  keeper.on('error', () => {});
  await keeper.connect();
  await keeper.query('SELECT pg_advisory_lock($1)', [lock]);
  return keeper;
}

async function waitingAt(database: TestDatabase, lock: number): Promise<number> {
  const [row] = await database.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = $1::oid
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [lock],
  );
  return row!.count;
}

/** A table nobody can look into for a while. */
export interface HeldTable {
  /** Waits until somebody wants to. */
  arrived(): Promise<void>;
  release(): Promise<void>;
}

/** Keeps everybody from looking into a table, so that a test can act between two steps of a request. */
export async function holdTable(url: string, table: string): Promise<HeldTable> {
  const keeper = new pg.Client({ connectionString: url });
  keeper.on('error', () => {});
  await keeper.connect();
  await keeper.query(`BEGIN; LOCK TABLE "${table}" IN ACCESS EXCLUSIVE MODE`);
  const waiting = `SELECT 1 FROM pg_locks WHERE NOT granted AND relation = '"${table}"'::regclass`;
  return {
    async arrived() {
      while ((await keeper.query(waiting)).rowCount === 0) await pause(10);
    },
    release: () => keeper.end(),
  };
}
