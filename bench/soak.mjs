import { parseArgs } from 'node:util';
import pg from 'pg';
import { startGenerator } from './load/generator.mjs';
import { startCluster } from './machine/cluster.mjs';
import { ensureBuilt } from './setup.mjs';
import { startCurfew } from './subjects/curfew.mjs';

/*
 * node bench/soak.mjs --minutes 30: mixed load on the started product while its process and its PostgreSQL are killed in
 * turn. Every chain must go on where its last acknowledged answer left it, nothing that was ended may live again, and the
 * database must hold all promises that it can see.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'kill-every': { type: 'string', default: '40' },
    sessions: { type: 'string', default: '2000' },
    connections: { type: 'string', default: '24' },
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
try {
  const sessions = Number(values.sessions);
  const subject = await startCurfew({ cluster, generator, sessions, driven: sessions });
  const seconds = Number(values.minutes) * 60;
  // The last minute is free of kills, so that what is wrong shows as wrong and not as interrupted.
  const until = performance.now() + Math.max(0, seconds - 30) * 1000;
  const [load, kills] = await Promise.all([
    generator.call('run', {
      ...subject.scenarios.refresh,
      operation: 'life',
      options: { ...subject.scenarios.refresh.options, introspector: subject.introspector },
      target: subject.target,
      port: subject.port,
      connections: Number(values.connections),
      seconds,
    }),
    killInTurn({ subject, cluster, until }),
  ]);
  const broken = await violations(cluster, subject);
  await subject.stop();
  process.stdout.write(`${JSON.stringify({ ...load, kills, violations: broken }, undefined, 2)}\n`);
  failed = load.wrong > 0 || broken.length > 0 || load.done === 0;
} finally {
  generator.stop();
  await cluster.stop();
}
process.exitCode = failed ? 1 : 0;
