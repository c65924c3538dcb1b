import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { migrate } from '@curfew/persistence';
import pg from 'pg';
import { type Cluster, startPostgres } from '../../scripts/embedded-postgres.mjs';
import { databaseAt, type TestDatabase } from './database.js';
import { proxyTo } from './proxy.js';

/** A primary and a standby, and one address that leads to whoever is meant to be the primary. */
export interface DatabasePair extends TestDatabase {
  /** The addresses of the two servers themselves. */
  readonly servers: { readonly primary: string; readonly standby: string };
  /** Makes a physical copy of the primary and starts it as its standby. */
  addStandby(): Promise<void>;
  /** From here on the primary acknowledges a commit when the standby has it. */
  confirmByStandby(): Promise<void>;
  /** The standby gets nothing any more, and the primary does not mind. */
  letStandbyLag(): Promise<void>;
  /** Leads new connections to one of the two. */
  leadTo(which: 'primary' | 'standby'): void;
  /** Kills the primary, promotes the standby, and leads everybody there. */
  killAndPromote(): Promise<void>;
  /** Kills the primary as a power cut would, and starts it again. */
  crashAndRecover(): Promise<void>;
  /** From here on no standby confirms, and commits wait; `false` lets them go. */
  holdCommits(held: boolean): Promise<void>;
  /** Stops the primary in good order when the standby has everything, and promotes the standby. */
  switchOver(): Promise<void>;
  /** Starts the primary again as a standby, so that no server takes writes; `false` starts it as the primary that it was. */
  takeNoWrites(holds: boolean): Promise<void>;
  /** Runs statements past the address that leads to the primary. */
  on(which: 'primary' | 'standby', sql: string): Promise<Record<string, unknown>[]>;
}

const settings = { max_connections: '100', wal_keep_size: '64MB', hot_standby: 'on' };

interface Member {
  readonly home: string;
  cluster: Cluster;
}

const start = (home: string): Promise<Cluster> => startPostgres({ home, fsync: true, settings });

/** Starts a primary, with a migrated database in it. */
export async function startDatabasePair(): Promise<DatabasePair> {
  let primary = await memberIn(newHome());
  let standby: Member | undefined;
  await migrate(primary.cluster.url);
  const proxy = await proxyTo(primary.cluster.url);
  const remove = async () => {
    await proxy.close();
    for (const member of [standby, primary]) if (member) await removed(member);
  };
  const promote = async () => {
    await onServer(standby!.cluster.url, 'SELECT pg_promote(true, 60)');
    proxy.turnTo(standby!.cluster.url);
    rmSync(primary.home, { recursive: true, force: true });
    primary = standby!;
    standby = undefined;
  };
  return {
    ...databaseAt(proxy.url, 'curfew', remove),
    get servers() {
      return { primary: primary.cluster.url, standby: standby!.cluster.url };
    },
    async addStandby() {
      standby = await copyOf(primary);
      await until('the standby follows', async () => (await states(primary)).includes('streaming'));
    },
    async confirmByStandby() {
      await configure(primary, 'synchronous_standby_names', '*');
      await until('the standby confirms', async () => (await syncStates(primary)).includes('sync'));
    },
    async letStandbyLag() {
      await configure(primary, 'synchronous_standby_names', '');
      await configure(standby!, 'primary_conninfo', '');
      await until('the standby gets nothing', async () => (await states(primary)).length === 0);
    },
    leadTo: (which) => proxy.turnTo((which === 'primary' ? primary : standby!).cluster.url),
    async killAndPromote() {
      primary.cluster.crash();
      await primary.cluster.ended;
      await promote();
    },
    async crashAndRecover() {
      primary.cluster.crash();
      await primary.cluster.ended;
      primary.cluster = await start(primary.home);
      proxy.turnTo(primary.cluster.url);
    },
    holdCommits: (held) => configure(primary, 'synchronous_standby_names', held ? 'nobody' : ''),
    async switchOver() {
      await primary.cluster.stop();
      await promote();
    },
    async takeNoWrites(holds) {
      const { data } = primary.cluster;
      await primary.cluster.stop();
      if (holds) await standbySignal(data);
      else rmSync(path.join(data, 'standby.signal'));
      primary.cluster = await start(primary.home);
      proxy.turnTo(primary.cluster.url);
    },
    on: (which, sql) => onServer((which === 'primary' ? primary : standby!).cluster.url, sql),
  };
}

const newHome = () => mkdtempSync(path.join(os.tmpdir(), 'curfew-pair-'));
const memberIn = async (home: string): Promise<Member> => ({ home, cluster: await start(home) });

async function removed({ home, cluster }: Member): Promise<void> {
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
}

/** A base backup by hand (PostgreSQL §25.3.3): the embedded binaries have no pg_basebackup. */
async function copyOf({ home, cluster }: Member): Promise<Member> {
  const copy = newHome();
  const data = path.join(copy, 'postgres');
  const client = new pg.Client({ connectionString: cluster.url });
  await client.connect();
  try {
    await client.query("SELECT pg_backup_start('copy', fast => true)");
    await promisify(execFile)('cp', ['-a', cluster.data, data]);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await writeFile(path.join(data, 'backup_label'), rows[0]!.labelfile);
  } finally {
    await client.end();
  }
  rmSync(path.join(data, 'postmaster.pid'), { force: true });
  rmSync(path.join(data, 'postmaster.opts'), { force: true });
  await standbySignal(data);
  const { username, password, hostname, port } = new URL(cluster.url);
  const from = `host=${hostname} port=${port} user=${username} password=${password} application_name=standby`;
  await appendFile(
    path.join(data, 'postgresql.auto.conf'),
    `\nsynchronous_standby_names = ''\nprimary_conninfo = '${from}'\n`,
  );
  await giveTo(data, 'backup_label');
  if (existsSync(path.join(home, 'postgres.json')))
    copyFileSync(path.join(home, 'postgres.json'), path.join(copy, 'postgres.json'));
  return memberIn(copy);
}

/** Makes PostgreSQL start as a standby. */
async function standbySignal(data: string): Promise<void> {
  await writeFile(path.join(data, 'standby.signal'), '');
  await giveTo(data, 'standby.signal');
}

/** A file belongs to the user whose data it stands in. */
const giveTo = (data: string, file: string) =>
  promisify(execFile)('chown', [`--reference=${data}`, path.join(data, file)]);

async function configure({ cluster }: Member, name: string, value: string): Promise<void> {
  await onServer(cluster.url, `ALTER SYSTEM SET ${name} = '${value}'`);
  await onServer(cluster.url, 'SELECT pg_reload_conf()');
}

const column = async ({ cluster }: Member, name: string): Promise<unknown[]> =>
  (await onServer(cluster.url, `SELECT ${name} AS value FROM pg_stat_replication`)).map(({ value }) => value);
const states = (member: Member) => column(member, 'state');
const syncStates = (member: Member) => column(member, 'sync_state');

async function onServer(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 600; looks += 1) {
    if (await holds()) return;
    await pause(50);
  }
  throw new Error(`after 30 s, still not so: ${what}`);
}
