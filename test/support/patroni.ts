import { type ChildProcess, spawn } from 'node:child_process';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { migrate } from '@curfew/persistence';
import pg from 'pg';
import { postgresIdentity } from '../../scripts/postgres-binaries.mjs';
import { signal } from '../../scripts/postgres-end.mjs';
import { databaseAt, type TestDatabase } from './database.js';
import { isInstalled, type OtherProxy, startProgram } from './other-proxies.js';
import { freePort } from './ports.js';
import { type DatabaseProxy, proxyTo } from './proxy.js';

/** Three PostgreSQL servers that Patroni leads, with etcd. Our own statements go to whoever is the primary. */
export interface PatroniCluster extends TestDatabase {
  /** All three servers, as operators list them. */
  readonly list: string;
  /** The names of the servers. */
  readonly names: readonly string[];
  /** The server that is the primary now. */
  primary(): Promise<string>;
  /** Waits until all three follow one primary, and one of them confirms. */
  untilWhole(): Promise<void>;
  /** Kills every process of the primary's PostgreSQL, or all of its machine, Patroni included; which server that was. */
  killPrimary(what: 'postgres' | 'machine'): Promise<string>;
  /** Starts the machine of a server again. */
  revive(name: string): void;
  /** Stops every process of the standbys' PostgreSQL where it stands; the answer lets them go on, without anything they had not read. */
  freezeStandbys(): Promise<() => void>;
  /** Runs a statement on one of the servers. */
  on(name: string, sql: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** The figures that Patroni of each server tells Prometheus. */
  figures(): Promise<readonly string[]>;
  /** The last lines that Patroni and PostgreSQL of each server wrote. */
  printed(): string;
  /** From here on, all that they write; the answer reads it. */
  printing(): () => string;
}

interface Member {
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  readonly apiPort: number;
  readonly url: string;
  shell: ChildProcess;
}

const program = process.env['PATRONI_PATH'] ?? 'patroni';
const needed = ['postgres', 'initdb', 'pg_ctl', 'pg_basebackup', 'pg_rewind', 'pg_controldata', 'pg_isready'];
const credentials = { curfew: 'of-curfew', replicator: 'of-the-replicator' };

/** The newest folder with everything of PostgreSQL that Patroni calls; the package of the project has only the server. */
function binaries(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => path.join(debian, version, 'bin'));
  const given = process.env['POSTGRES_BIN_PATH'];
  return (given ? [given] : folders).find((folder) =>
    needed.every((name) => existsSync(path.join(folder, name))),
  );
}

/** The programs that are missing on this machine; none where a cluster can be started. */
export function missingForPatroni(): string[] {
  const missing = ['etcd', program].filter((name) => !isInstalled(name));
  return binaries() ? missing : [...missing, `PostgreSQL with ${needed.at(-3)} and ${needed.at(-4)}`];
}

/** The settings that docs/guides/many-nodes.md asks for, with the shortest times that Patroni takes. */
const shared = {
  ttl: 20,
  loop_wait: 1,
  retry_timeout: 8,
  primary_start_timeout: 0,
  synchronous_mode: true,
  synchronous_mode_strict: true,
  postgresql: {
    use_pg_rewind: true,
    parameters: {
      synchronous_commit: 'on',
      wal_log_hints: 'on',
      max_connections: 100,
      wal_keep_size: '128MB',
    },
  },
};

function configuration(folder: string, name: string, port: number, apiPort: number, etcdPort: number) {
  const as = (username: keyof typeof credentials) => ({ username, password: credentials[username] });
  return {
    scope: 'curfew',
    name,
    restapi: { listen: `127.0.0.1:${apiPort}`, connect_address: `127.0.0.1:${apiPort}` },
    etcd3: { host: `127.0.0.1:${etcdPort}` },
    bootstrap: { dcs: shared, initdb: [{ encoding: 'UTF8' }, { locale: 'C' }] },
    postgresql: {
      listen: `127.0.0.1:${port}`,
      connect_address: `127.0.0.1:${port}`,
      data_dir: path.join(folder, 'data'),
      bin_dir: binaries(),
      pgpass: path.join(folder, 'pgpass'),
      authentication: { superuser: as('curfew'), replication: as('replicator'), rewind: as('curfew') },
      pg_hba: ['host all all 127.0.0.1/32 scram-sha-256', 'host replication all 127.0.0.1/32 scram-sha-256'],
      parameters: {
        unix_socket_directories: '',
        password_encryption: 'scram-sha-256',
        shared_buffers: '32MB',
      },
    },
  };
}

/** Starts etcd, Patroni three times, and a migrated database. */
export async function startPatroni(): Promise<PatroniCluster> {
  const home = mkdtempSync(path.join(os.tmpdir(), 'curfew-patroni-'));
  const identity = postgresIdentity();
  if (identity) chownSync(home, identity.uid, identity.gid);
  const etcdPort = await freePort();
  const etcd = await startEtcd(etcdPort, await freePort());
  const members: Member[] = [];
  const remove = async () => {
    for (const member of members) killMachine(member);
    await etcd.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 20 });
  };
  try {
    for (const name of ['one', 'two', 'three']) members.push(await memberIn(home, name, etcdPort));
    await untilWhole(members);
    const first = await primaryOf(
      members.map((one) => ({ ...one, url: one.url.replace(/curfew$/, 'postgres') })),
    );
    await onServer(first.url, 'CREATE DATABASE curfew');
    const { url } = members.find(({ name }) => name === first.name)!;
    await migrate(url);
    return clusterOf(members, await proxyTo(url), remove);
  } catch (error) {
    const printed = printedBy(members);
    await remove();
    throw new Error(`Patroni did not start:\n${printed}`, { cause: error });
  }
}

function clusterOf(
  members: readonly Member[],
  proxy: DatabaseProxy,
  remove: () => Promise<void>,
): PatroniCluster {
  const named = (name: string) => members.find((member) => member.name === name)!;
  const close = async () => {
    await proxy.close();
    await remove();
  };
  const first = new URL(members[0]!.url);
  const hosts = members.map(({ port }) => `127.0.0.1:${port}`).join(',');
  return {
    ...databaseAt(proxy.url, 'curfew', close),
    list: `postgresql://${first.username}:${first.password}@${hosts}/curfew?target_session_attrs=read-write`,
    names: members.map(({ name }) => name),
    primary: async () => (await primaryOf(members)).name,
    untilWhole: () => untilWhole(members),
    async killPrimary(what) {
      const killed = await primaryOf(members);
      if (what === 'machine') killMachine(killed);
      else for (const pid of serverProcesses(killed)) signal(pid, 'SIGKILL');
      primaryOf(members).then(
        ({ url }) => proxy.turnTo(url),
        () => proxy.cut(),
      );
      return killed.name;
    },
    revive(name) {
      const member = named(name);
      member.shell = launch(member);
    },
    async freezeStandbys() {
      const { name } = await primaryOf(members);
      const frozen = members.filter((member) => member.name !== name).flatMap(serverProcesses);
      for (const pid of frozen) signal(pid, 'SIGSTOP');
      return () => {
        // A receiver that went on would read from its socket all that was sent to it meanwhile.
        for (const pid of frozen) if (titleOf(pid).includes('walreceiver')) signal(pid, 'SIGKILL');
        for (const pid of frozen) signal(pid, 'SIGCONT');
      };
    },
    on: (name, sql, values) => onServer(named(name).url, sql, values),
    figures: () =>
      Promise.all(
        members.map(async ({ apiPort }) => (await fetch(`http://127.0.0.1:${apiPort}/metrics`)).text()),
      ),
    printed: () => printedBy(members),
    printing() {
      const logs = members.map((member) => ({ member, from: logOf(member).length }));
      return () => logs.map(({ member, from }) => `${member.name}: ${logOf(member).slice(from)}`).join('\n');
    },
  };
}

const startEtcd = (port: number, peers: number): Promise<OtherProxy> =>
  startProgram('etcd', port, async (folder) => {
    const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peers}`];
    const addresses = {
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `default=${peer}`,
      'data-dir': path.join(folder, 'data'),
    };
    return ['etcd', ...Object.entries(addresses).flatMap(([name, value]) => [`--${name}`, value])];
  });

async function memberIn(home: string, name: string, etcdPort: number): Promise<Member> {
  const folder = path.join(home, name);
  mkdirSync(folder, { mode: 0o700 });
  const [port, apiPort] = [await freePort(), await freePort()];
  const text = JSON.stringify(configuration(folder, name, port, apiPort, etcdPort));
  writeFileSync(path.join(folder, 'patroni.yml'), text, { mode: 0o600 });
  const identity = postgresIdentity();
  for (const made of [folder, path.join(folder, 'patroni.yml')])
    if (identity) chownSync(made, identity.uid, identity.gid);
  const url = `postgresql://curfew:${credentials.curfew}@127.0.0.1:${port}/curfew`;
  return { name, folder, apiPort, port, url, shell: launch({ folder }) };
}

/** Patroni under a shell that stops it, and with it PostgreSQL, when the process that started it is gone. */
function launch({ folder }: Pick<Member, 'folder'>): ChildProcess {
  const script = `exec 3<&0
    "$@" 3<&- & p=$!
    echo $p > pid
    trap 'kill -TERM $p; wait $p; exit' TERM INT HUP
    (cat <&3 >/dev/null; kill -TERM $p) &
    wait $p`;
  const identity = postgresIdentity();
  const log = openSync(path.join(folder, 'log'), 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', script, 'sh', program, 'patroni.yml'], {
    ...(identity && { uid: identity.uid, gid: identity.gid }),
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['pipe', log, log],
    detached: true,
  });
  closeSync(log);
  return child;
}

/** The number in the first line of a file of a member. */
const numberIn = ({ folder }: Member, file: string): number[] => {
  const whole = path.join(folder, file);
  const number = existsSync(whole) ? Number(readFileSync(whole, 'utf8').split('\n')[0]) : 0;
  return number > 1 ? [number] : [];
};

const titleOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
};

/** The postmaster and its children. A number of before belongs to somebody else by now, who may be another PostgreSQL. */
function serverProcesses(member: Member): number[] {
  const isServer = (pid: number) => titleOf(pid).includes('postgres') && titleOf(pid).includes(member.folder);
  return numberIn(member, 'data/postmaster.pid')
    .filter(isServer)
    .flatMap((postmaster) => {
      const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
      return [postmaster, ...children.split(' ').filter(Boolean).map(Number)];
    });
}

function killMachine(member: Member): void {
  for (const pid of numberIn(member, 'pid')) if (titleOf(pid).includes('patroni')) signal(pid, 'SIGKILL');
  for (const pid of serverProcesses(member)) signal(pid, 'SIGKILL');
  member.shell.stdin?.end();
}

/** The server that takes writes; there is none for a while after a kill. */
async function primaryOf(members: readonly Member[]): Promise<Member> {
  let found: Member | undefined;
  await until('a server takes writes', async () => {
    for (const member of members) {
      const [row] = await onServer(member.url, 'SELECT pg_is_in_recovery() AS reads').catch(() => []);
      if (row?.['reads'] === false) found = member;
    }
    return found !== undefined;
  });
  return found!;
}

interface Told {
  readonly role: string;
  readonly state: string;
}

/** The words of the first Patroni that answers about all members. */
async function toldBy(members: readonly Member[]): Promise<readonly Told[]> {
  for (const { apiPort } of members)
    try {
      const patience = AbortSignal.timeout(2_000);
      const answer = await fetch(`http://127.0.0.1:${apiPort}/cluster`, { signal: patience });
      return ((await answer.json()) as { members: Told[] }).members;
    } catch {
      // The next one is asked.
    }
  return [];
}

const untilWhole = (members: readonly Member[]): Promise<void> =>
  until('three servers follow one primary, and one of them confirms', async () => {
    const told = await toldBy(members);
    const leader = told.filter(({ role, state }) => role === 'leader' && state === 'running');
    const following = told.filter(({ role, state }) => role !== 'leader' && state === 'streaming');
    const confirming = following.filter(({ role }) => role === 'sync_standby');
    return leader.length === 1 && following.length === members.length - 1 && confirming.length > 0;
  });

async function onServer(url: string, sql: string, values: readonly unknown[] = []) {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 1_000,
    query_timeout: 5_000,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(sql, [...values])).rows as Record<string, unknown>[];
  } finally {
    client.end().catch(() => {});
  }
}

const logOf = ({ folder }: Member): string => readFileSync(path.join(folder, 'log'), 'utf8');
const printedBy = (members: readonly Member[]): string =>
  members.map((member) => `${member.name}: ${logOf(member).slice(-4_000)}`).join('\n');

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (performance.now() < deadline) {
    if (await holds()) return;
    await pause(100);
  }
  throw new Error(`after two minutes, still not so: ${what}`);
}
