import os from 'node:os';
import { startGenerator } from './load/generator.mjs';
import { cpuMilliseconds, residentBytes } from './machine/cpu.mjs';
import { freePort, startServer } from './machine/server-process.mjs';
import { closedBlock, load } from './measure.mjs';
import { expireSoon } from './seed/curfew-sessions.mjs';
import { median } from './statistics.mjs';

/*
 * What a table of single operations does not show: one load beside another, sessions that have lived long, memory over
 * time. Each scene returns rows; `timesAlone` compares with the same load without the disturbance.
 */
// What is left after so long is told instead of waited for.
const patientSeconds = 300;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Refreshes at a fixed rate. */
const refreshes = ({ subject, generator, rate, seconds }) =>
  load(generator, subject, subject.scenarios.refresh, { connections: 256, rate, seconds });

/** The same refreshes alone: first some that do not count, then those that are compared with. */
async function alone(stage) {
  await refreshes(stage);
  return refreshes(stage);
}

const beside = ({ rate, aloneResult, disturbed }) => ({
  rate,
  p50Ms: disturbed.p50Ms,
  p99Ms: disturbed.p99Ms,
  p999Ms: disturbed.p999Ms,
  aloneP50Ms: aloneResult.p50Ms,
  aloneP99Ms: aloneResult.p99Ms,
  timesAlone: disturbed.p99Ms / aloneResult.p99Ms,
});

/** The pages of a storm are read by a generator of its own: browsers are other machines than those that refresh. */
async function withBrowsers({ subject }, path, work) {
  const browsers = startGenerator();
  const scenario = subject.scenarios[path];
  await browsers.call('load', { pool: scenario.pool, items: Array.from({ length: 64 }, () => ({})) });
  const signIns = (at, amount) =>
    load(browsers, { ...subject, port: at }, scenario, { connections: 16, ...amount });
  try {
    return await work(signIns);
  } finally {
    browsers.stop();
  }
}

/**
 * Refreshes alone, and beside sign-ins at the server of that port; `rate` bounds the sign-ins. Blocks take turns, and the medians count: one
 * long collection or one vacuum of the database is the p99 of a whole block.
 */
async function storm(stage, signIns, { path, at, rate, rounds = 1 }) {
  const seconds = stage.seconds / Math.ceil(rounds / 2);
  // Longer than hashing takes part in the beginning.
  await signIns(at, { seconds: 12, rate });
  await refreshes({ ...stage, seconds });
  const found = [];
  for (let round = 0; round < rounds; round += 1) {
    const aloneResult = await refreshes({ ...stage, seconds });
    const meanwhile = signIns(at, { seconds, rate });
    const disturbed = await refreshes({ ...stage, seconds });
    const { perSecond } = await meanwhile;
    found.push({ ...beside({ rate: stage.rate, aloneResult, disturbed }), signInsPerSecond: perSecond });
  }
  const medians = Object.keys(found[0]).map((name) => [name, median(found.map((row) => row[name]))]);
  const timesAlone = found.map((row) => Number(row.timesAlone.toFixed(2)));
  return { path, ...Object.fromEntries(medians), ...(rounds > 1 && { each: timesAlone }) };
}

/**
 * Everybody signs in at once: password hashing must not starve the token endpoint. Twice: at the server that refreshes, and at one of
 * their own, as docs/operations.md says.
 */
async function signInStorm(stage) {
  const { subject, seconds } = stage;
  const hashesPerSecond = await argon2Bound(seconds / 3);
  const bound = (row) => ({ ...row, hashesPerSecond, timesBound: row.signInsPerSecond / hashesPerSecond });
  return withBrowsers(stage, 'sign-in', async (signIns) => {
    const within = await storm(stage, signIns, { path: 'refresh-in-sign-in-storm', at: subject.port });
    const people = await subject.startForPeople();
    try {
      const path = 'refresh-in-sign-in-storm-apart';
      return [bound(within), bound(await storm(stage, signIns, { path, at: people.port }))];
    } finally {
      await people.stop();
    }
  });
}

/**
 * The same people come with passkeys: at first as many as this machine can check passwords of, so that only the way in differs; then as fast
 * as sixteen browsers can, which no password slows down. Both at the same server and at one of their own.
 */
async function passkeyStorm(stage) {
  const { subject, seconds } = stage;
  const rate = Math.round(await argon2Bound(seconds / 3));
  return withBrowsers(stage, 'passkey-sign-in', async (signIns) => {
    const as = (path, at, amount) =>
      storm(stage, signIns, { path: `refresh-in-passkey-${path}`, at, rounds: 5, ...amount });
    const rows = [await as('sign-ins', subject.port, { rate }), await as('storm', subject.port)];
    const people = await subject.startForPeople();
    try {
      const apart = await as('sign-ins-apart', people.port, { rate });
      return [...rows, apart, await as('storm-apart', people.port)];
    } finally {
      await people.stop();
    }
  });
}

/** What the library makes of sign-ins when nothing but passwords and its own pages is to be done, without and with the passwords. */
async function signInFloor({ generator, seconds }) {
  const hashesPerSecond = await argon2Bound(seconds);
  const alone = await librarySignIns({ generator, seconds, compares: false });
  const withPasswords = await librarySignIns({ generator, seconds, compares: true });
  return [
    { path: 'library-sign-in-without-password', ...alone },
    {
      path: 'library-sign-in',
      ...withPasswords,
      hashesPerSecond,
      timesBound: withPasswords.perSecond / hashesPerSecond,
    },
  ];
}

async function librarySignIns({ generator, seconds, compares }) {
  const port = await freePort();
  const client = { id: 'library', secret: 'a-generated-secret-of-thirty-two-bytes' };
  const redirectUri = 'https://client.example.test/callback';
  const server = await startServer({
    script: 'bench/floors/library.mjs',
    environment: { BENCH_LIBRARY: JSON.stringify({ port, client, redirectUri, compares }) },
    readyUrl: `http://127.0.0.1:${port}/ready`,
  });
  try {
    const pool = 'library/machine';
    await generator.call('load', { pool, items: Array.from({ length: 64 }, () => ({})) });
    const endpoints = { authorization: `http://localhost:${port}/auth` };
    const subject = { name: 'library', port, target: { endpoints } };
    const person = { username: 'person', password: 'any' };
    const options = { client, redirectUri, scope: 'openid offline_access', person };
    const scenario = { pool, operation: 'sign-in', options };
    const signIns = () => load(generator, subject, scenario, { connections: 8, seconds });
    await signIns();
    const before = cpuMilliseconds(server.pid);
    const { done, perSecond } = await signIns();
    return { cpuMs: (cpuMilliseconds(server.pid) - before) / done, perSecond };
  } finally {
    await server.stop();
  }
}

/** How many passwords this machine can check in a second when it does nothing else: no server signs in more people. */
async function argon2Bound(seconds) {
  const { PasswordHasher, defaultHashing } = await import('@curfew/accounts');
  const hasher = new PasswordHasher(defaultHashing());
  const until = performance.now() + seconds * 1000;
  let done = 0;
  const began = performance.now();
  const worker = async () => {
    for (; performance.now() < until; done += 1) await hasher.hash('a password of the usual length');
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
  return (done * 1000) / (performance.now() - began);
}

/** Very many sessions fall due at one moment, and the sweeper takes them away under load. */
async function sweeping(stage) {
  const { subject, cluster, expired, rate, seconds } = stage;
  const due = await expireSoon(cluster.url(subject.database), expired);
  const cpuSeconds = () => (cpuMilliseconds(subject.pid) + cpuMilliseconds(cluster.pid)) / 1000;
  try {
    const atFirst = cpuSeconds();
    const aloneResult = await alone(stage);
    const ofRefreshes = (cpuSeconds() - atFirst) / 2;
    await due.begin();
    if (!(await comesTrue(due.hasBegun, 100))) throw new Error(`no sweep began in ${patientSeconds} seconds`);
    const [before, began] = [cpuSeconds(), performance.now()];
    const disturbed = await refreshes(stage);
    await comesTrue(due.isOver, 1000);
    const swept = expired - (await due.left());
    const cpu = cpuSeconds() - before - ofRefreshes;
    const took = (performance.now() - began) / 1000;
    const sweep = {
      path: 'sweep',
      expired,
      swept,
      seconds: took,
      sweptPerSecond: swept / took,
      cpuSeconds: cpu,
      cpuMs: (cpu * 1000) / swept,
    };
    return [{ path: 'refresh-while-sweeping', ...beside({ rate, aloneResult, disturbed }), seconds }, sweep];
  } finally {
    await due.close();
  }
}

// Whether something becomes true while there is patience.
async function comesTrue(isTrue, everyMs) {
  const began = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - began > patientSeconds * 1000) return false;
    await pause(everyMs);
  }
  return true;
}

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
      readyMb: subject.residentAtStart / 2 ** 20,
      startMb: start,
      middleMb: middle,
      endMb: end,
      growth: end / middle,
    },
  ];
}

const scenes = {
  'sign-in-floor': signInFloor,
  'sign-in-storm': signInStorm,
  'passkey-storm': passkeyStorm,
  'long-chains': longChains,
  memory,
  // The last one: it may leave sessions to be swept.
  sweep: sweeping,
};

/** The names of the scenes to run: all, or those asked for; an unknown name is an error. */
export function chooseScenes(names = Object.keys(scenes)) {
  if (names[0] === 'none') return [];
  const unknown = names.filter((name) => !(name in scenes));
  if (unknown.length > 0)
    throw new Error(`no such scene: ${unknown.join(', ')}. Scenes: ${Object.keys(scenes).join(', ')}`);
  return names;
}

/** Runs one scene; returns its rows. */
export async function runScene(name, stage) {
  const { progress, sessions } = stage;
  progress(`scene ${name}`);
  const rows = (await scenes[name](stage)).map((row) => ({ ...row, sessions }));
  for (const row of rows) progress(JSON.stringify(row));
  return rows;
}
