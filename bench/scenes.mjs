import { cpuMilliseconds, residentBytes } from './machine/cpu.mjs';
import { closedBlock, load } from './measure.mjs';
import { expireSoon } from './seed/curfew-sessions.mjs';

/*
 * What a table of single operations does not show: one load beside another, sessions that have lived long, memory over
 * time. Each scene returns rows; `timesAlone` compares with the same load without the disturbance.
 */
const patientSeconds = 600;

/** Latency of refreshes at a fixed rate, alone and while `disturb` goes on. */
async function besides({ subject, generator, rate, seconds }, disturb) {
  const refreshes = () =>
    load(generator, subject, subject.scenarios.refresh, { connections: 256, rate, seconds });
  await refreshes();
  const alone = await refreshes();
  const [disturbed] = await Promise.all([refreshes(), disturb()]);
  return {
    rate,
    p50Ms: disturbed.p50Ms,
    p99Ms: disturbed.p99Ms,
    p999Ms: disturbed.p999Ms,
    aloneP99Ms: alone.p99Ms,
    timesAlone: disturbed.p99Ms / alone.p99Ms,
  };
}

/** Everybody signs in at once: password hashing must not starve the token endpoint. */
async function signInStorm(stage) {
  let signIns;
  const storm = async () => {
    signIns = await load(stage.generator, stage.subject, stage.subject.scenarios['sign-in'], {
      connections: 16,
      seconds: stage.seconds,
    });
  };
  const row = await besides(stage, storm);
  return [{ path: 'refresh-in-sign-in-storm', ...row, signInsPerSecond: signIns.perSecond }];
}

/** As many sessions as there are fall due at one moment, and the sweeper takes them away under load. */
async function sweeping({ subject, cluster, sessions, ...stage }) {
  const due = await expireSoon(cluster.url(subject.database), sessions);
  const cpu = () => cpuMilliseconds(subject.pid) + cpuMilliseconds(cluster.pid);
  const sweep = { path: 'sweep', expired: sessions };
  try {
    const row = await besides({ ...stage, subject }, async () => {
      const [before, began] = [cpu(), performance.now()];
      await due.begin();
      while (!(await due.isOver()) && performance.now() - began < patientSeconds * 1000) await pause(1000);
      sweep.swept = await due.isOver();
      sweep.seconds = (performance.now() - began) / 1000;
      sweep.cpuSecondsWithRefreshes = (cpu() - before) / 1000;
    });
    return [{ path: 'refresh-while-sweeping', ...row }, sweep];
  } finally {
    await due.close();
  }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The thousandth refresh of a session against its first ones: nothing may grow with use. */
async function longChains({ subject, cluster, generator, connections }) {
  const pool = 'curfew/old-chains';
  const items = await generator.call('take', { pool: subject.scenarios.refresh.pool, count: 64 });
  await generator.call('load', { pool, items });
  const scenario = { ...subject.scenarios.refresh, pool };
  const block = () => closedBlock({ generator, cluster, subject, scenario, connections, seconds: 5 });
  const first = await block();
  const { pool: _, ...rest } = scenario;
  await load(generator, subject, { pool, ...rest }, { connections, count: 64 * 1000 });
  const last = await block();
  return [{ path: 'refresh-number-1000', ...last, timesFirst: last.cpuMs / first.cpuMs }];
}

/** Resident memory of the largest process over many refreshes, after a warm-up of a tenth of them. */
async function memory({ subject, generator, connections, refreshes, progress }) {
  const tenth = Math.ceil(refreshes / 10);
  const rss = [];
  for (let part = 0; part <= 10; part += 1) {
    await load(generator, subject, subject.scenarios.refresh, { connections, count: tenth });
    rss.push(residentBytes(subject.pid)[0] / 2 ** 20);
    progress(`after ${(part + 1) * tenth} refreshes: ${Math.round(rss.at(-1))} MB`);
  }
  const [start, middle, end] = [rss[0], rss[5], rss[10]];
  return [
    {
      path: 'memory',
      refreshes: 10 * tenth,
      startMb: start,
      middleMb: middle,
      endMb: end,
      growth: end / middle,
    },
  ];
}

const scenes = {
  'sign-in-storm': signInStorm,
  'long-chains': longChains,
  sweep: sweeping,
  memory,
};

/** Runs the named scenes, or all; returns their rows. An unknown name is an error. */
export async function runScenes({ names = Object.keys(scenes), progress, ...stage }) {
  const unknown = names.filter((name) => !(name in scenes));
  if (unknown.length > 0)
    throw new Error(`no such scene: ${unknown.join(', ')}. Scenes: ${Object.keys(scenes).join(', ')}`);
  const rows = [];
  for (const name of names) {
    progress(`scene ${name}`);
    for (const row of await scenes[name](stage)) {
      rows.push({ ...row, sessions: stage.sessions });
      progress(JSON.stringify(row));
    }
  }
  return rows;
}
