import { setTimeout as pause } from 'node:timers/promises';
import { cpuMilliseconds } from './machine/cpu.mjs';

/** What follows a start or a block of load is over after this: events written behind, and the walk over all sessions that registrations begin. */
const settledMs = 60_000;

/**
 * What an installation costs that nobody asks anything: the figures are those of one second. Statements are counted in a second stretch,
 * because counting them costs something as well.
 */
export async function measureIdle({ subjects: [subject], cluster, options, progress }) {
  const seconds = options.quick ? 10 : 30;
  await pause(settledMs);
  const server = cpuMilliseconds(subject.pid);
  const postgres = cpuMilliseconds(cluster.pid);
  await pause(seconds * 1000);
  const serverCpuMs = (cpuMilliseconds(subject.pid) - server) / seconds;
  const postgresCpuMs = (cpuMilliseconds(cluster.pid) - postgres) / seconds;
  await subject.counters.start();
  await pause(seconds * 1000);
  const { statements, commits, walBytes, byStatement } = await subject.counters.stop();
  if (options.statements)
    for (const { calls, query } of byStatement.slice(0, 30))
      process.stderr.write(`    ${(calls / seconds).toFixed(2)} a second × ${query.slice(0, 400)}\n`);
  const cpuMs = serverCpuMs + postgresCpuMs;
  progress(
    `idle: ${cpuMs.toFixed(1)} CPU ms and ${(commits / seconds).toFixed(1)} commits a second (server ${serverCpuMs.toFixed(1)})`,
  );
  const counted = {
    statements: statements / seconds,
    commits: commits / seconds,
    walBytes: walBytes / seconds,
  };
  return [{ path: 'idle', cpuMs, serverCpuMs, postgresCpuMs, ...counted }];
}
