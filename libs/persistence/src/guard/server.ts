import type pg from 'pg';
import { readWalPosition, type WalPosition } from './wal-position.js';

/** A primary as one of its connections shows it. */
export interface DatabaseServer {
  /** The system identifier: the same on a primary and its physical copies. */
  readonly system: string;
  /** The WAL timeline: a promotion begins the next one. */
  readonly timeline: number;
  readonly position: WalPosition;
  /** How far the last recovery of this server came. After a promotion, that is where its timeline began. */
  readonly recoveredTo: WalPosition | null;
  readonly startedAt: string;
  /** Whether the server keeps what it acknowledges, also when it crashes. */
  readonly isDurable: boolean;
}

interface Row {
  system: string | null;
  timeline: number;
  position: string;
  recovered_to: string | null;
  started_at: string;
  durable: boolean;
}

// `pg_walfile_name` names the timeline that is written to; the control file names a new one only after its first checkpoint.
const question = `
  SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system,
    ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int AS timeline,
    pg_current_wal_insert_lsn()::text AS position, pg_last_wal_replay_lsn()::text AS recovered_to,
    pg_postmaster_start_time()::text AS started_at,
    current_setting('synchronous_commit') <> 'off' AND current_setting('fsync') = 'on' AS durable`;

/** Whether the server behind a connection is in recovery: a standby, or one that is still being restored. */
export async function isInRecovery(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ recovering: boolean }>('SELECT pg_is_in_recovery() AS recovering');
  return rows[0]!.recovering;
}

/** Reads what a primary shows of itself. */
export async function readServer(client: pg.ClientBase): Promise<DatabaseServer> {
  const { rows } = await client.query<Row>(question);
  const row = rows[0]!;
  return {
    system: row.system ?? '',
    timeline: row.timeline,
    position: readWalPosition(row.position),
    recoveredTo: row.recovered_to === null ? null : readWalPosition(row.recovered_to),
    startedAt: row.started_at,
    isDurable: row.durable,
  };
}

/** Names the history that a server continues, as processes tell each other. */
export const historyOf = ({ system, timeline }: Pick<DatabaseServer, 'system' | 'timeline'>): string =>
  `${system}/${timeline}`;
