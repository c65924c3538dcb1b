import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createDatabase, startCluster } from './machine/cluster.mjs';
import { cpuMilliseconds } from './machine/cpu.mjs';
import { ensureBuilt } from './setup.mjs';
import { median } from './statistics.mjs';

/*
 * node bench/recording.mjs [--clients 20] [--flushes 40] [--refreshes 10000]: what it costs to count the silences of refreshes, in CPU time: a count in memory,
 * and the statement every ten seconds, in the process and in PostgreSQL, and for how long that keeps the event loop at most. `--refreshes` are
 * those between two statements.
 */
const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '20' },
    flushes: { type: 'string', default: '40' },
    refreshes: { type: 'string', default: '10000' },
  },
});
const [clients, flushes, refreshes] = [values.clients, values.flushes, values.refreshes].map(Number);
const accounts = Array.from({ length: 4_096 }, () => randomUUID());
const sessions = accounts.map((accountId, index) => ({ accountId, clientId: `client-${index % clients}` }));
const begin = Date.UTC(2030, 0, 1);

await ensureBuilt(() => {});
const { CountsStore, CountsWriter, SilenceRecorder } = await import('@curfew/insight');
const { PrismaService, migrate } = await import('@curfew/persistence');
const { loadConfiguration } = await import('@curfew/config');

const ownMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** Counts as many silences as refreshes end, with lengths from a second to half an hour. */
function count(recorder, times, now) {
  for (let one = 0; one < times; one += 1)
    recorder.count('returned', sessions[(one * 31) & 4_095], 1_800, 1_000 + ((one * 7_919) % 1_800_000), now);
}

/** The longest turn of the event loop, in milliseconds, while something is under way. */
async function longestTurnOf(work) {
  let [longest, last, isOver] = [0, performance.now(), false];
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await work;
  isOver = true;
  look();
  return longest;
}

const recorder = new SilenceRecorder(true);
count(recorder, 1_000_000, begin);
const beforeCounts = ownMs();
count(recorder, 5_000_000, begin);
const nanosecondsPerCount = ((ownMs() - beforeCounts) * 1e6) / 5_000_000;

const cluster = await startCluster();
try {
  const databaseUrl = await createDatabase(cluster, 'recording');
  await migrate(databaseUrl);
  const prisma = new PrismaService(
    loadConfiguration({ DATABASE_URL: databaseUrl }, { keys: false }).database,
  );
  const writer = new CountsWriter(new SilenceRecorder(true), new CountsStore(prisma), (_, error) => {
    throw error;
  });
  const flush = async (number) => {
    count(writer.recorder, refreshes, begin + number * 10_000);
    return longestTurnOf(writer.flush());
  };
  for (let number = 0; number < 5; number += 1) await flush(number);
  const [ownBefore, postgresBefore] = [ownMs(), cpuMilliseconds(cluster.pid)];
  const turns = [];
  for (let number = 5; number < 5 + flushes; number += 1) turns.push(await flush(number));
  const perFlush = {
    processMs: (ownMs() - ownBefore) / flushes,
    postgresMs: (cpuMilliseconds(cluster.pid) - postgresBefore) / flushes,
    longestTurnMs: median(turns),
  };
  const microsecondsPerRefresh = (1_000 * (perFlush.processMs + perFlush.postgresMs)) / refreshes;
  process.stdout.write(
    `${JSON.stringify({ clients, refreshes, nanosecondsPerCount, perFlush, microsecondsPerRefresh }, null, 2)}\n`,
  );
  await prisma.$disconnect();
} finally {
  await cluster.stop();
}
