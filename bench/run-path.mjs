import { notAlive } from './gates.mjs';
import { closedBlock, countedBlock, fixedRateBlock, load, WrongAnswers } from './measure.mjs';
import { median } from './statistics.mjs';

const sampled = 32;
const countedOperations = 500;

/** Measures one path: rounds of blocks of every subject in turn, then counts and latencies of the first one. */
export async function runPath({ plan, subjects, generator, cluster, options, progress }) {
  const able = subjects.filter(
    (subject) => subject.scenarios[plan.path] && (plan.compared || subject === subjects[0]),
  );
  if (able[0] !== subjects[0]) return undefined;
  const rounds = plan.compared && able.length > 1 ? options.rounds : 1;
  const connections = plan.connections ?? options.connections;
  const blocks = new Map(able.map((subject) => [subject.name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const subject of able) {
      if (round === 0) await before({ plan, subject, generator });
      const scenario = subject.scenarios[plan.path];
      const seconds = rounds === 1 ? options.seconds * 2 : options.seconds;
      const block = await closedBlock({ generator, cluster, subject, scenario, connections, seconds });
      blocks.get(subject.name).push(block);
      progress(
        `${plan.path} ${subject.name} round ${round + 1}: ${block.cpuMs.toFixed(3)} CPU ms, ${Math.round(block.perSecond)}/s`,
      );
    }
  }
  const [subject] = able;
  const own = blocks.get(subject.name);
  const middle = (field, of = own) => median(of.map((block) => block[field]));
  return {
    path: plan.path,
    cpuMs: middle('cpuMs'),
    serverCpuMs: middle('serverCpuMs'),
    postgresCpuMs: middle('postgresCpuMs'),
    perSecond: middle('perSecond'),
    ...(await details({ plan, subject, generator, connections, options, perSecond: middle('perSecond') })),
    ...ratio('floor', own, blocks),
    ...ratio('baseline', own, blocks),
    saturatedP99Ms: middle('saturatedP99Ms'),
    rssMb: middle('residentBytes') / 2 ** 20,
  };
}

// Counts and latencies: of the measured server only, after the blocks, so that they disturb none of them.
async function details({ plan, subject, generator, connections, options, perSecond }) {
  const scenario = subject.scenarios[plan.path];
  const { byStatement, ...counts } = await countedBlock({
    generator,
    counters: subject.counters,
    subject,
    scenario,
    connections: Math.min(16, connections),
    count: scenario.once ? 100 : countedOperations,
  });
  if (options.statements) {
    for (const { perOperation, query } of byStatement.slice(0, 12)) {
      process.stderr.write(`    ${perOperation.toFixed(2)} × ${query.slice(0, 240)}\n`);
    }
  }
  if (!plan.latency) return counts;
  const rate = Math.max(1, Math.round(perSecond / 2));
  const latency = await fixedRateBlock({ generator, subject, scenario, rate, seconds: options.seconds * 2 });
  await sampleIsAlive({ plan, subject, generator });
  return { ...latency, ...counts };
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

// Brings a scenario's pool into the state the path needs.
async function before({ plan, subject, generator }) {
  const { scenarios } = subject;
  const { pool } = scenarios[plan.path];
  const all = { pool, count: Number.POSITIVE_INFINITY };
  switch (plan.before) {
    case 'live-tokens': {
      const chains = scenarios[plan.chains ?? 'refresh'];
      await load(generator, subject, chains, { connections: 16, count: 500 });
      const items = await generator.call('sample', { ...all, pool: chains.pool });
      const live = items.filter((item) => item.accessToken).slice(-500);
      await generator.call('load', { pool, items: live });
      break;
    }
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
async function sampleIsAlive({ plan, subject, generator }) {
  const { pool, options } = subject.scenarios[plan.path];
  const items = (await generator.call('sample', { pool, count: 4096 }))
    .filter((item) => item.accessToken)
    .slice(-sampled);
  const dead = await notAlive(subject, items, options.client);
  if (items.length === 0 || dead > 0)
    throw new WrongAnswers(`${subject.name}: ${dead} of ${items.length} tokens given out were not alive`);
}
