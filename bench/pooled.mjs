import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { keepsPreparedStatements, poolerVersion, startPooler } from '../scripts/pgbouncer.mjs';
import { closedBlock, load } from './measure.mjs';
import { median } from './statistics.mjs';

/** Processes that share one pooler, and the backends that they may take with it: one each to listen, and the pool. */
const processes = 20;
const poolSize = 20;

const backendsOfPooled = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'pooled'`;

/** Makes a pooler in front of the measured database, with a role of its own, by which its backends are counted; undefined where no PgBouncer of 1.21 or newer is installed. */
async function pooledWay({ subject, cluster, progress }) {
  const version = poolerVersion();
  if (!keepsPreparedStatements(version)) {
    progress(`PgBouncer 1.21 or newer is not installed (found: ${version?.join('.') ?? 'none'}), skipped`);
    return undefined;
  }
  const own = cluster.url(subject.database);
  const password = randomBytes(16).toString('hex');
  await asked(
    own,
    `DROP ROLE IF EXISTS pooled; CREATE ROLE pooled SUPERUSER LOGIN PASSWORD '${password}';
     ALTER ROLE pooled SET statement_timeout = '5s'; ALTER ROLE pooled SET idle_in_transaction_session_timeout = '10s'`,
  );
  const direct = Object.assign(new URL(own), { username: 'pooled', password }).href;
  const pooler = await startPooler(direct, { max_prepared_statements: 200, default_pool_size: poolSize });
  return { pooler, settings: { DATABASE_URL: pooler.url, DATABASE_DIRECT_URL: direct }, own };
}

async function asked(url, sql) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/**
 * A refresh through PgBouncer beside one without it, at two processes on one database whose blocks take turns. The pooler's own CPU is part
 * of what it costs.
 */
export async function measurePooled({ subjects: [subject], generator, cluster, options, progress }) {
  const way = await pooledWay({ subject, cluster, progress });
  if (!way) return [];
  const others = [];
  try {
    others.push(await subject.startAnother(), await subject.startAnother(way.settings));
    const at = ({ pid, port }, source) => ({ name: subject.name, target: subject.target, pid, port, source });
    const sides = [at(others[0]), at(others[1], { pid: way.pooler.pid })];
    const scenario = subject.scenarios.refresh;
    const amount = { connections: options.connections, seconds: options.seconds };
    for (const side of sides) await load(generator, side, scenario, { ...amount, seconds: 3 });
    const pairs = [];
    for (let round = 0; round < options.rounds; round += 1) {
      const pair = [];
      for (const side of round % 2 ? [1, 0] : [0, 1])
        pair[side] = await closedBlock({ generator, cluster, subject: sides[side], scenario, ...amount });
      pairs.push(pair);
    }
    const of = (field, side) => median(pairs.map((pair) => pair[side][field]));
    const timesDirect = median(pairs.map(([direct, pooled]) => pooled.cpuMs / direct.cpuMs));
    progress(
      `refresh through PgBouncer: ${of('cpuMs', 1).toFixed(3)} CPU ms, ${of('cpuMs', 0).toFixed(3)} without (× ${timesDirect.toFixed(3)}); PgBouncer ${of('behindCpuMs', 1).toFixed(3)}`,
    );
    const fields = ['cpuMs', 'serverCpuMs', 'postgresCpuMs', 'perSecond'];
    const figures = Object.fromEntries(fields.map((field) => [field, of(field, 1)]));
    const pooled = {
      ...figures,
      behindCpuMs: of('behindCpuMs', 1),
      directCpuMs: of('cpuMs', 0),
      timesDirect,
    };
    return [{ path: 'refresh-pooled', ...pooled }];
  } finally {
    for (const other of others) await other.stop();
    await way.pooler.stop();
  }
}

/** How many backends twenty processes take behind a pooler, while all of them refresh. */
export async function measureBackends({ subjects: [subject], generator, cluster, options, progress }) {
  const way = await pooledWay({ subject, cluster, progress });
  if (!way) return [];
  const others = [];
  try {
    while (others.length < processes) others.push(await subject.startAnother(way.settings));
    const ports = others.map(({ port }) => port);
    const scenario = { ...subject.scenarios.refresh, ports };
    let isOver = false;
    const working = load(generator, subject, scenario, {
      connections: 4 * processes,
      seconds: Math.max(10, options.seconds),
    }).finally(() => {
      isOver = true;
    });
    let backends = 0;
    while (!isOver) {
      const [{ count }] = await asked(way.own, backendsOfPooled);
      backends = Math.max(backends, count);
      await pause(200);
    }
    const { perSecond } = await working;
    progress(`${processes} processes behind PgBouncer take ${backends} backends at most`);
    return [{ path: 'backends-of-20', processes, backends, perSecond }];
  } finally {
    await Promise.all(others.map((other) => other.stop()));
    await way.pooler.stop();
  }
}
