/** A PostgreSQL that was started here (embedded-postgres.mjs). */
export interface Cluster {
  /** The URL of the database `curfew`. */
  readonly url: string;
  readonly port: number;
  /** Process id. */
  readonly postmaster: number;
  /** The folder of its files. */
  readonly data: string;
  urlOf(database: string): string;
  /** Resolves when it runs no more, to how that came. */
  readonly ended: Promise<string>;
  /** Ends it in good order. */
  stop(): Promise<void>;
  /** Kills it as a power cut would. */
  crash(): void;
}

export function startPostgres(options: {
  home: string;
  fsync?: boolean;
  settings?: Record<string, string>;
  onLog?: (line: string) => void;
}): Promise<Cluster>;
