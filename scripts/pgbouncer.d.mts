/** PgBouncer in front of a database. */
export interface Pooler {
  /** The same database, through the pooler. */
  readonly url: string;
  readonly pid: number;
  /** Ends it and starts it again on the same port: its clients lose their connections. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Settings of PgBouncer by their own names. */
export type PoolerSettings = Readonly<Record<string, string | number>>;

/** The version of the PgBouncer of this machine, as [major, minor], or undefined where there is none. */
export function poolerVersion(): readonly [number, number] | undefined;

/** Whether a PgBouncer keeps prepared statements in transaction mode, as it does from 1.21 on. */
export function keepsPreparedStatements(version: readonly [number, number] | undefined): boolean;

/** Starts PgBouncer in front of a database. */
export function startPooler(databaseUrl: string, settings: PoolerSettings): Promise<Pooler>;
