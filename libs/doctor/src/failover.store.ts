import type pg from 'pg';
import { type Finding, fine, noted, wrong } from './finding.js';

interface Standby {
  readonly name: string;
  readonly sync_state: string;
  readonly behind: string | null;
  readonly late_ms: number | null;
}

interface Replication {
  readonly recovering: boolean;
  /** Whether a commit waits for a standby, as far as the settings go. */
  readonly waits: boolean;
  readonly commit: string;
  readonly standbys: readonly Standby[];
}

const what = 'failover';

/** Looks whether a standby confirms what is acknowledged, and what a failover would lose if none does. */
export async function checkStandbys(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query<Replication>(`
    SELECT pg_is_in_recovery() AS recovering, current_setting('synchronous_commit') AS commit,
      current_setting('synchronous_standby_names') <> '' AND current_setting('synchronous_commit') NOT IN ('off', 'local') AS waits,
      CASE WHEN pg_is_in_recovery() THEN '[]'::jsonb ELSE COALESCE((SELECT jsonb_agg(jsonb_build_object(
        'name', COALESCE(NULLIF(application_name, ''), 'a standby'), 'sync_state', sync_state,
        'behind', pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), flush_lsn)),
        'late_ms', (extract(epoch FROM flush_lag) * 1000)::int)) FROM pg_stat_replication WHERE state IN ('streaming', 'catchup')), '[]'::jsonb) END AS standbys`);
  return standbysOf(rows[0]!);
}

/** The meaning of these facts about replication for a failover. */
export function standbysOf({ recovering, waits, commit, standbys }: Replication): Finding {
  if (recovering)
    return wrong(
      what,
      'this server is a standby, and nothing is served from it',
      'point DATABASE_URL at the primary',
    );
  const confirming = standbys.filter(({ sync_state }) => ['sync', 'quorum'].includes(sync_state));
  if (waits && confirming.length === 0)
    return wrong(
      what,
      'synchronous_standby_names is set, but no standby confirms, so commits wait',
      'start a standby, or empty it',
    );
  if (waits)
    return fine(
      what,
      `${confirming.map(({ name }) => name).join(', ')} confirms each commit, so a promotion of it loses nothing`,
    );
  if (confirming.length > 0)
    return wrong(what, `synchronous_commit is ${commit}, so no commit waits for the standby`, 'set it to on');
  if (standbys.length === 0)
    return noted(
      what,
      'no standby follows: everything committed after the last backup is lost with this server',
    );
  return noted(
    what,
    `no standby confirms, so a failover loses what it lacks, and everybody signs in again: ${standbys.map(lackOf).join(', ')}`,
  );
}

const lackOf = ({ name, behind, late_ms }: Standby): string =>
  `${name} lacks ${behind ?? 'an unknown amount'}${late_ms === null ? '' : ` (${late_ms} ms)`}`;

/** Looks whether the processes refuse this database, because it lost something that was acknowledged. */
export async function checkServing(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query<{ since: Date | null }>(
    'SELECT lost_since AS since FROM service_state WHERE id = 1',
  );
  const since = rows[0]?.since;
  return since
    ? wrong(
        'lost data',
        `the database lost what was acknowledged (found ${since.toISOString()}), and no token is honoured`,
        'run node apps/admin-api/dist/after-restore.js --yes (docs/operations.md, "The database fails over")',
      )
    : fine('lost data', 'nothing that was acknowledged is known to be missing');
}

/** Looks whether a loss would be noticed after a restart, too. */
export const checkStateFolder = (folder: string | undefined): Finding =>
  folder
    ? fine('state folder', folder)
    : noted(
        'state folder',
        'CURFEW_STATE_FOLDER is not set: a database that went backwards while everything was down would not be noticed',
      );
