import { parseArgs } from 'node:util';
import pg from 'pg';
import { startGenerator } from './load/generator.mjs';
import { startCluster } from './machine/cluster.mjs';
import { ensureBuilt } from './setup.mjs';
import { startCurfew } from './subjects/curfew.mjs';
import { startGateway } from './subjects/gateway.mjs';

/*
 * node bench/soak.mjs --minutes 30: mixed load on the started product while its process and its PostgreSQL are killed in
 * turn. Every chain must go on where its last acknowledged answer left it, nothing that was ended may live again, no
 * gateway may let it in after the published bound, and the database must hold all promises that it can see.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'kill-every': { type: 'string', default: '40' },
    sessions: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '24' },
    workers: { type: 'string' },
  },
});
const progress = (line) => process.stderr.write(`  ${line}\n`);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function killInTurn({ subject, cluster, until }) {
  const kills = { server: 0, postgres: 0 };
  for (let turn = 0; ; turn += 1) {
    await pause(Math.max(0, Math.min(Number(values['kill-every']) * 1000, until - performance.now())));
    if (performance.now() >= until) return kills;
    if (turn % 2 === 0) {
      await subject.crashAndRestart();
      kills.server += 1;
    } else {
      await cluster.crashAndRestart();
      kills.postgres += 1;
    }
    progress(`killed and restarted: server ${kills.server}, PostgreSQL ${kills.postgres} times`);
  }
}

async function violations(cluster, subject) {
  const client = new pg.Client(cluster.url(subject.database));
  await client.connect();
  const { rows } = await client.query('SELECT violation, subject FROM assert_invariants()');
  await client.end();
  return rows;
}

await ensureBuilt(progress);
const cluster = await startCluster();
const generator = startGenerator();
let failed = true;
let subject;
let gateway;
try {
  const sessions = Number(values.sessions);
  const minutes = Number(values.minutes);
  // One in a hundred lives ends; these take their places.
  const spare = Math.ceil(1000 * minutes);
  const size = { sessions, driven: sessions, sideSessions: sessions + spare };
  // The spare ones wait for their turn, perhaps to the end of the run; nobody else is ever silent for long.
  const settings = { workers: values.workers, inactivityTimeout: '8h' };
  subject = await startCurfew({ cluster, generator, ...settings, ...size });
  gateway = await startGateway(subject);
  const { pool, options } = subject.scenarios['refresh-guarded'];
  const spares = 'curfew/spares';
  await generator.call('load', { pool: spares, items: await generator.call('take', { pool, count: spare }) });
  const seconds = minutes * 60;
  // The last half minute is free of kills, so that what is wrong shows as wrong and not as interrupted.
  const until = performance.now() + Math.max(0, seconds - 30) * 1000;
  const [load, kills] = await Promise.all([
    generator.call('run', {
      pool,
      operation: 'life',
      options: {
        ...options,
        introspector: subject.registered.api,
        spares,
        gateway: { port: gateway.port, url: gateway.target.endpoints.gateway, headers: gateway.askings[0] },
      },
      target: subject.target,
      port: subject.port,
      connections: Number(values.connections),
      seconds,
    }),
    killInTurn({ subject, cluster, until }),
  ]);
  const broken = await violations(cluster, subject);
  process.stdout.write(`${JSON.stringify({ ...load, kills, violations: broken }, undefined, 2)}\n`);
  failed = load.wrong > 0 || broken.length > 0 || load.done === 0;
} finally {
  await gateway?.stop();
  await subject?.stop();
  generator.stop();
  await cluster.stop();
}
process.exitCode = failed ? 1 : 0;
