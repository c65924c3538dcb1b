import { mkdirSync } from 'node:fs';
import { aimTable } from './aims.mjs';
import { measureEnds } from './ends.mjs';
import { measureEndsWritten } from './ends-written.mjs';
import { runPgbench } from './floors/pgbench.mjs';
import { replayEndsSession, successorsOfParallelUse } from './gates.mjs';
import { measureIdle } from './idle.mjs';
import { startGenerator } from './load/generator.mjs';
import { startCluster } from './machine/cluster.mjs';
import { openCounters } from './machine/database-counters.mjs';
import { load, WrongAnswers } from './measure.mjs';
import { choosePaths } from './plan.mjs';
import { measureBackends, measurePooled } from './pooled.mjs';
import { measureProcesses } from './processes.mjs';
import { compareSizes, json, list, machine, table } from './report.mjs';
import { runPath } from './run-path.mjs';
import { chooseScenes, runScene } from './scenes.mjs';
import { startBaseline } from './subjects/baseline.mjs';
import { startCurfew } from './subjects/curfew.mjs';
import { startFloor } from './subjects/floor.mjs';

// Of more sessions than these floor and baseline would have to copy tens of gigabytes to say what they have said at this size.
const mostCompared = 1_000_000;

const seconds = () => `${Math.round(performance.now() / 1000)}`.padStart(5);
const progress = (line) => process.stderr.write(`${seconds()} s  ${line}\n`);

async function startSubjects({ options, cluster, generator, sessions }) {
  const size = { cluster, generator, sessions, driven: Math.min(sessions, 20_000) };
  const started = [];
  try {
    const { cpuProfile, workers } = options;
    started.push(await startCurfew({ ...size, cpuProfile, workers }));
    if (!options.onlyCurfew && sessions <= mostCompared)
      started.push(await startFloor(size), await startBaseline(size));
    for (const subject of started) subject.counters = await openCounters(cluster, subject.database);
    return started;
  } catch (error) {
    await stopAll(started);
    throw error;
  }
}

async function stopAll(subjects) {
  for (const subject of subjects) {
    await subject.counters?.close();
    await subject.stop();
  }
}

/** What measures a path of which no single operations are measured. */
const measures = {
  ends: measureEnds,
  'ends-written': measureEndsWritten,
  idle: measureIdle,
  processes: measureProcesses,
  pooled: measurePooled,
  backends: measureBackends,
};

// No right answers, no number: the measured server must pass all gates; of the others it is said what they do.
async function passGates([curfew, ...others]) {
  const successors = await successorsOfParallelUse(curfew);
  if (successors !== 1)
    throw new WrongAnswers(`eight parallel uses of one refresh token had ${successors} successors`);
  const problem = await replayEndsSession(curfew);
  if (problem) throw new WrongAnswers(problem);
  progress('gates: eight parallel uses have one successor, a replay ends its session');
  for (const other of others) {
    progress(`${other.name}: eight parallel uses have ${await successorsOfParallelUse(other)} successor(s)`);
  }
}

// A server that has just been started is compiling; that is not what is compared.
async function warmUp(subjects, generator) {
  for (const subject of subjects) {
    await load(generator, subject, subject.scenarios.refresh, { connections: 64, seconds: 1.5 });
  }
}

// A long run does not lose what it has found because one thing of it fails.
async function unlessItFails(what, failures, work) {
  try {
    return await work();
  } catch (error) {
    failures.push(`${what}: ${error instanceof WrongAnswers ? error.message : error.stack}`);
    progress(`${what}: NO NUMBER, ${error.message}`);
    return [];
  }
}

async function runSize({ options, cluster, sessions, plans, scenes, failures, sceneRows }) {
  const generator = startGenerator();
  progress(`${sessions} sessions: starting and seeding`);
  const subjects = await startSubjects({ options, cluster, generator, sessions });
  const rows = [];
  try {
    await passGates(subjects);
    const bytesPerSession = await subjects[0].counters.bytesPerRow('session');
    await cluster.rest();
    progress('what was seeded is on the disk');
    await warmUp(subjects, generator);
    for (const plan of plans) {
      const measure = plan.measure ? measures[plan.measure] : runPath;
      const found = await unlessItFails(plan.path, failures, () =>
        measure({ plan, subjects, generator, cluster, options, progress }),
      );
      rows.push(...found.map((row) => ({ ...row, sessions })));
    }
    const { connections, refreshes, expired } = options;
    const seconds = options.seconds * 3;
    const stage = { subject: subjects[0], cluster, generator, sessions, connections, progress };
    for (const name of scenes) {
      const found = await unlessItFails(name, failures, () =>
        runScene(name, { ...stage, seconds, rate: 300, refreshes, expired }),
      );
      sceneRows.push(...found);
    }
    const bytesAfterwards = await subjects[0].counters.bytesPerRow('session');
    for (const row of rows) Object.assign(row, { bytesPerSession, bytesAfterwards });
    if (!options.onlyCurfew && !options.paths && sessions <= mostCompared)
      await unlessItFails('pgbench', failures, () => floorOfPostgres({ cluster, sessions, options }));
  } finally {
    await stopAll(subjects);
    generator.stop();
  }
  return rows;
}

async function floorOfPostgres({ cluster, sessions, options }) {
  const seconds = Math.max(3, Math.round(options.seconds * 2));
  const result = await runPgbench({ cluster, database: 'floor', sessions, clients: 32, seconds });
  if (!result) progress('pgbench: not installed, skipped');
  else
    progress(
      `pgbench of the rotation: ${Math.round(result.perSecond)}/s, ${result.postgresCpuMs.toFixed(3)} CPU ms of PostgreSQL each`,
    );
}

/** Runs what the options ask for and prints it; the exit code says whether every path has its number. */
export async function benchmark(options) {
  const plans = choosePaths(options.paths, options.quick);
  const chosenScenes = chooseScenes(options.scenes);
  if (options.cpuProfile) mkdirSync(options.cpuProfile, { recursive: true });
  const rows = [];
  const sceneRows = [];
  const failures = [];
  let about = '';
  for (const sessions of options.sessions) {
    // A cluster per size: what one size leaves in the buffers and the log does not reach the next.
    const cluster = await startCluster();
    about = machine(cluster.version);
    try {
      // What scenes show does not depend on the size, and they take long.
      const scenes = sessions === options.sessions[0] ? chosenScenes : [];
      const found = await unlessItFails(`${sessions} sessions`, failures, () =>
        runSize({ options, cluster, sessions, plans, scenes, failures, sceneRows }),
      );
      rows.push(...found);
    } finally {
      await cluster.stop();
    }
  }
  compareSizes(rows);
  if (options.json) process.stdout.write(json([...rows, ...sceneRows]));
  else process.stdout.write(`\n${about}\n\n${table(rows)}\n${list(sceneRows)}`);
  if (options.aims) process.stdout.write(`\n${aimTable(rows)}\n`);
  for (const failure of failures) process.stderr.write(`no number for ${failure}\n`);
  if (failures.length > 0 || rows.length + sceneRows.length === 0) process.exitCode = 1;
}
