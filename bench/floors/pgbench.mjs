import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pgbenchOfTheSystem } from '../machine/cluster.mjs';
import { cpuMilliseconds } from '../machine/cpu.mjs';

// The rotation without any server before it. pgbench knows no secret, so it compares what every row has.
const script = (sessions) => `\\set n random(1, ${sessions})
UPDATE floor_session SET generation = generation + 1, token_hash = sha256('x'), successor_seal = sha256('y'), rotated_at = now(),
  expires_at = now() + interval '30 minutes'
WHERE id = md5('floor' || :n)::uuid AND token_hash IS NOT NULL AND ended_at IS NULL AND expires_at > now();
`;

/** pgbench of the rotation statement: throughput and CPU of PostgreSQL, or undefined where there is no pgbench. */
export async function runPgbench({ cluster, database, sessions, clients, seconds }) {
  const pgbench = pgbenchOfTheSystem();
  if (!pgbench) return undefined;
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'curfew-pgbench-'));
  try {
    const file = path.join(scratch, 'rotate.sql');
    writeFileSync(file, script(sessions));
    const before = cpuMilliseconds(cluster.pid);
    const flags = ['-n', '-M', 'prepared', '-f', file, '-c', clients, '-j', 1, '-T', seconds].map(String);
    const output = await outputOf(pgbench, [...flags, cluster.url(database)]);
    // Its backends are counted once the postmaster has collected them.
    await new Promise((resolve) => setTimeout(resolve, 300));
    const transactions = Number(/transactions actually processed: (\d+)/.exec(output)?.[1]);
    const perSecond = Number(/tps = ([\d.]+)/.exec(output)?.[1]);
    if (!transactions) throw new Error(`pgbench said: ${output.slice(-300)}`);
    return { perSecond, postgresCpuMs: (cpuMilliseconds(cluster.pid) - before) / transactions };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const outputOf = (command, flags) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, flags, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        output += chunk;
      });
    child.on('error', reject);
    child.on('exit', () => resolve(output));
  });
