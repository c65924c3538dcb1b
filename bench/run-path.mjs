import { notAlive } from './gates.mjs';
import { closedBlock, countedBlock, fixedRateBlock, load, WrongAnswers } from './measure.mjs';
import { passwordCpuMs } from './password.mjs';
import { median } from './statistics.mjs';
import { startAdmin } from './subjects/admin.mjs';
import { startGateway } from './subjects/gateway.mjs';

const sampled = 32;
const liveTokens = 500;
const countedOperations = 500;

/** Measures one path, at the server it belongs to; a list of one row. */
export async function runPath(stage) {
  if (!stage.plan.at) return [await measurePath(stage)];
  const [curfew, ...others] = stage.subjects;
  const start = stage.plan.at === 'gateway' ? startGateway : startAdmin;
  const isExchanged = stage.plan.before === 'exchanged';
  const subject = await start(curfew, { cpuProfile: stage.options.cpuProfile, isExchanged });
  try {
    return [await measurePath({ ...stage, subjects: [subject, ...others] })];
  } finally {
    await subject.stop();
  }
}

// Rounds of blocks of every subject in turn, then counts and latencies of the first one.
async function measurePath({ plan, subjects, generator, cluster, options, progress }) {
  const able = subjects.filter(
    (subject) => subject.scenarios[plan.path] && (plan.compared || subject === subjects[0]),
  );
  const rounds = plan.compared && able.length > 1 ? options.rounds : 1;
  const connections = plan.connections ?? options.connections;
  const blocks = new Map(able.map((subject) => [subject.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of able) {
      const scenario = subject.scenarios[plan.path];
      if (round === 0) await prepare({ plan, subject, generator });
      if (round === 0 && plan.warmUps)
        await load(generator, subject, scenario, { connections, count: plan.warmUps });
      // Started for this path, it is still compiling.
      if (round === 0 && subject.source)
        await load(generator, subject, scenario, { connections, seconds: 1.5 });
      const seconds = rounds === 1 ? options.seconds * 2 : options.seconds;
      const block = await closedBlock({ generator, cluster, subject, scenario, connections, seconds });
      blocks.get(subject.name).push(block);
      progress(
        `${plan.path} ${subject.name} round ${round + 1}: ${block.cpuMs.toFixed(3)} CPU ms, ${Math.round(block.perSecond)}/s`,
      );
    }
  }
  const [subject, other] = able;
  const own = blocks.get(subject.name);
  const middle = (field, of = own) => median(of.map((block) => block[field]));
  const rate = plan.rate ?? Math.max(1, Math.round(middle('perSecond') / 2));
  const stage = { plan, subject, generator, cluster, connections, options, rate };
  return {
    path: plan.path,
    cpuMs: middle('cpuMs'),
    serverCpuMs: middle('serverCpuMs'),
    postgresCpuMs: middle('postgresCpuMs'),
    perSecond: middle('perSecond'),
    ...(subject.source ? { behindCpuMs: middle('behindCpuMs') } : {}),
    ...(await counts(stage)),
    ...(plan.clients ? await besideSecondClient(stage) : {}),
    ...(plan.besidePassword ? { ...(await besidePassword(middle('cpuMs'))), ...besideHashing(middle) } : {}),
    ...(plan.besidePages ? await besidePages(stage, middle('cpuMs')) : {}),
    ...(plan.beside ? await besideOtherPath(stage) : {}),
    ...(plan.latency ? await latencies(stage) : {}),
    ...(plan.latency && other && (plan.rate || !options.quick)
      ? await besideFloor({ ...stage, subject: other })
      : {}),
    ...ratio('floor', own, blocks),
    ...ratio('baseline', own, blocks),
    saturatedP99Ms: middle('saturatedP99Ms'),
    rssMb: middle('residentBytes') / 2 ** 20,
  };
}

// Counts and latencies: after the blocks, so that they disturb none of them.
async function counts({ plan, subject, generator, connections, options }) {
  const scenario = subject.scenarios[plan.path];
  if (plan.fromMemory) {
    // Tokens that nobody has asked about, each asked about once: from now on memory has them all, and for long enough.
    await prepare({ plan, subject, generator });
    await load(generator, subject, scenario, { connections: 16, count: liveTokens });
  }
  const { byStatement, ...counted } = await countedBlock({
    generator,
    counters: subject.counters,
    subject,
    scenario,
    connections: Math.min(16, connections),
    count: plan.counted ?? (scenario.once ? 100 : countedOperations),
  });
  if (options.statements) {
    for (const { perOperation, walBytes, query } of byStatement.slice(0, 60)) {
      process.stderr.write(
        `    ${perOperation.toFixed(2)}, ${Math.round(walBytes)} B × ${query.slice(0, 400)}\n`,
      );
    }
  }
  if (plan.fromMemory !== undefined) checkReads(plan, byStatement);
  return counted;
}

// Whether sessions were read for these answers, as the statement says by which all questions about tokens are answered.
function checkReads({ path, fromMemory }, byStatement) {
  const reads = byStatement.some(({ query }) => /^SELECT .* JOIN session s ON /.test(query));
  if (reads === fromMemory)
    throw new WrongAnswers(
      `${path}: sessions were ${reads ? '' : 'not '}read for what memory ${fromMemory ? 'has' : 'must not have'}`,
    );
}

async function latencies({ plan, subject, generator, options, rate }) {
  const scenario = subject.scenarios[plan.path];
  const latency = await fixedRateBlock({ generator, subject, scenario, rate, seconds: options.seconds * 2 });
  await sampleIsAlive({ plan, subject, generator });
  return latency;
}

const connectionsOfUsers = 32;
const pairsOfClients = 4;

/** The same load with bare sockets and with the second client, in turn: CPU of one divided by that of the other, and how many a second each had. */
async function besideSecondClient({ plan, subject, generator, cluster, options }) {
  const scenario = subject.scenarios[plan.path];
  const amount = { connections: connectionsOfUsers, seconds: options.seconds };
  const block = (client) =>
    closedBlock({ generator, cluster, subject, scenario: { ...scenario, client }, ...amount });
  const pairs = [];
  for (let pair = 0; pair < pairsOfClients; pair += 1) pairs.push([await block(), await block('node')]);
  const middle = (of) => median(pairs.map(of));
  return {
    timesSockets: middle(([sockets, node]) => node.cpuMs / sockets.cpuMs),
    nodeCpuMs: middle(([, node]) => node.cpuMs),
    nodePerSecond: middle(([, node]) => node.perSecond),
    socketsPerSecond: middle(([sockets]) => sockets.perSecond),
  };
}

/** This path and the other one in turn (A B B A …): CPU of the one divided by that of the other, and what both are in those blocks. */
async function besideOtherPath({ plan, subject, generator, cluster, connections, options }) {
  await prepare({ plan: plan.beside, subject, generator });
  const amount = { connections, seconds: options.seconds };
  const block = (path) =>
    closedBlock({ generator, cluster, subject, scenario: subject.scenarios[path], ...amount });
  const pairs = [];
  for (let pair = 0; pair < 2 * options.rounds; pair += 1) {
    const order = pair % 2 ? [plan.beside.path, plan.path] : [plan.path, plan.beside.path];
    const found = {};
    for (const path of order) found[path] = await block(path);
    pairs.push([found[plan.path].cpuMs, found[plan.beside.path].cpuMs]);
  }
  return {
    timesCommon: median(pairs.map(([own, other]) => own / other)),
    inTurnCpuMs: median(pairs.map(([own]) => own)),
    commonCpuMs: median(pairs.map(([, other]) => other)),
  };
}

/** The password's own part, and the rest of the sign-in. */
async function besidePassword(cpuMs) {
  const password = await passwordCpuMs();
  return { passwordCpuMs: password, besidePasswordCpuMs: cpuMs - password };
}

/** The part of the process that hashes, which is dearer beside other work than a password is alone, and the rest of the sign-in. */
const besideHashing = (middle) => ({
  hashingCpuMs: middle('hashingCpuMs'),
  besideHashingCpuMs: middle('besideHashingCpuMs'),
});

/** The page at which people sign in, and the rest of the sign-in: from the form that is sent to the code. */
async function besidePages({ subject, generator, cluster, connections, options }, cpuMs) {
  const scenario = subject.scenarios['sign-in-page'];
  const seconds = options.seconds * 2;
  const page = await closedBlock({ generator, cluster, subject, scenario, connections, seconds });
  return { pagesCpuMs: page.cpuMs, besidePagesCpuMs: cpuMs - page.cpuMs };
}

// What the generator and the machine add at this rate by themselves.
async function besideFloor(stage) {
  const { p99Ms } = await fixedRateBlock({
    ...stage,
    scenario: stage.subject.scenarios[stage.plan.path],
    seconds: stage.options.seconds * 2,
  });
  return { floorP99Ms: p99Ms };
}

function ratio(other, own, blocks) {
  const theirs = blocks.get(other);
  if (!theirs || theirs === own) return {};
  const name = other[0].toUpperCase() + other.slice(1);
  return {
    [`times${name}`]: median(own.map((block, round) => block.cpuMs / theirs[round].cpuMs)),
    [`${other}CpuMs`]: median(theirs.map((block) => block.cpuMs)),
    [`${other}PerSecond`]: median(theirs.map((block) => block.perSecond)),
  };
}

/** Items of chains that have an access token each, a little while old at most. */
async function live({ subject, generator, chains }) {
  await load(generator, subject, chains, { connections: 16, count: liveTokens });
  const items = await generator.call('sample', { pool: chains.pool, count: Number.POSITIVE_INFINITY });
  return items.filter((item) => item.accessToken).slice(-liveTokens);
}

/** Brings the pool of a scenario into the state that the path needs, at the server where tokens come from. */
export async function prepare({ plan, subject: asked, generator }) {
  const subject = asked.source ?? asked;
  const { scenarios } = subject;
  const { pool } = asked.scenarios[plan.path];
  const all = { pool, count: Number.POSITIVE_INFINITY };
  switch (plan.before) {
    case 'live-tokens': {
      const chains = scenarios[plan.chains] ?? scenarios.refresh;
      await generator.call('load', { pool, items: await live({ subject, generator, chains }) });
      break;
    }
    case 'exchanged': {
      const chains = scenarios['refresh-guarded'];
      await generator.call('load', { pool, items: await live({ subject, generator, chains }) });
      await load(generator, subject, { ...scenarios.exchange, pool, once: true }, { connections: 16 });
      await generator.call('rewind', { pool });
      break;
    }
    case 'each-client-once':
      await load(generator, subject, scenarios[plan.path], { connections: 16, count: 1000 });
      break;
    case 'tokens-of-all':
      await load(generator, subject, { ...scenarios.refresh, pool, once: true }, { connections: 16 });
      await generator.call('rewind', { pool });
      break;
    case 'codes':
      await load(generator, subject, scenarios.authorize, { connections: 8 });
      await generator.call('rewind', { pool });
      break;
    case 'ended': {
      const items = await generator.call('sample', { ...all, pool: scenarios.revocation.pool });
      await generator.call('load', { pool, items: items.filter((item) => item.ended) });
      break;
    }
    default:
  }
}

// What was handed out under load must be alive by the server's own word.
async function sampleIsAlive({ plan, subject: asked, generator }) {
  const { pool, options } = asked.scenarios[plan.path];
  const subject = asked.source ?? asked;
  const items = (await generator.call('sample', { pool, count: 4096 }))
    .filter((item) => item.accessToken)
    .slice(-sampled);
  const dead = await notAlive(subject, items, options.client);
  if (items.length === 0 || dead > 0)
    throw new WrongAnswers(`${subject.name}: ${dead} of ${items.length} tokens given out were not alive`);
}
