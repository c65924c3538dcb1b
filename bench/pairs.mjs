import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { choosePaths } from './plan.mjs';
import { prepare } from './run-path.mjs';
import { median } from './statistics.mjs';

/*
 * node bench/pairs.mjs <folder> [--paths refresh,…] [--rounds n] [--seconds n]: this checkout beside another one, both
 * built, each with a PostgreSQL of its own. Their blocks take turns in one run (A B B A …), so that what else the machine
 * does meets both, and the medians of the ratios say what changed. Paths of gateways and operators are not among them.
 * node bench/pairs.mjs --setting CURFEW_INSIGHT=false: this checkout with the setting beside itself without it, so that the ratios say what the setting saves.
 * node bench/pairs.mjs --policy siblings=serve: this checkout beside itself with its clients under that policy, so that the ratios say what the policy costs.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    paths: { type: 'string', default: 'refresh' },
    rounds: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '1' },
    setting: { type: 'string' },
    policy: { type: 'string' },
    'cpu-prof': { type: 'string' },
  },
});
const [folder] = positionals;
const { setting, policy } = values;
if ([folder, setting, policy].filter(Boolean).length !== 1)
  throw new Error(
    'usage: node bench/pairs.mjs <folder of another checkout> | --setting NAME=value | --policy name=value [options]',
  );
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const sessions = 10_000;
const connections = 64;

/** A checkout that is under load with the means of its own bench. */
async function open(name, root, further = {}) {
  const load = (file) => import(new URL(`bench/${file}`, root).href);
  const [{ startCluster }, { startGenerator }, { startCurfew }, measure] = await Promise.all(
    ['machine/cluster.mjs', 'load/generator.mjs', 'subjects/curfew.mjs', 'measure.mjs'].map(load),
  );
  const cluster = await startCluster();
  const generator = startGenerator();
  const cpuProfile = values['cpu-prof'] && `${values['cpu-prof']}/${name}`;
  const subject = await startCurfew({
    ...{ cluster, generator, sessions, driven: sessions, cpuProfile },
    ...further,
  });
  await cluster.rest();
  const close = async () => {
    await subject.stop();
    generator.stop();
    await cluster.stop();
  };
  return { name, cluster, generator, subject, measure, close };
}

async function block({ cluster, generator, subject, measure }, plan) {
  const scenario = subject.scenarios[plan.path];
  const length = scenario.once ? { once: (0.9 * scenario.once) / (0.8 * rounds) } : {};
  const amount = { connections: plan.connections ?? connections, seconds };
  return measure.closedBlock({
    cluster,
    generator,
    subject,
    scenario: { ...scenario, ...length },
    ...amount,
  });
}

async function compare(plan, [before, after]) {
  for (const side of [before, after]) {
    await prepare({ plan, ...side });
    const scenario = side.subject.scenarios[plan.path];
    if (!scenario.once)
      await side.measure.load(side.generator, side.subject, scenario, { connections, seconds: 3 });
  }
  const pairs = [];
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 ? [after, before] : [before, after];
    const found = new Map();
    for (const side of order) found.set(side, await block(side, plan));
    pairs.push([found.get(before), found.get(after)]);
  }
  const ratios = (field) => pairs.map(([other, mine]) => mine[field] / other[field]).sort((a, b) => a - b);
  const of = (field) => {
    const [old, own] = [0, 1].map((side) => median(pairs.map((pair) => pair[side][field])));
    return `${old.toPrecision(3)} → ${own.toPrecision(3)} (× ${median(ratios(field)).toFixed(3)})`;
  };
  const middleHalf = (field) => {
    const all = ratios(field);
    const middle = all.slice(all.length >> 2, Math.ceil((all.length * 3) / 4));
    return `middle half × ${middle[0].toFixed(3)} to ${middle.at(-1).toFixed(3)}`;
  };
  const beside = 'besideHashingCpuMs';
  const hashes = pairs.every((pair) => pair.every((found) => found[beside] !== undefined));
  return (
    `${plan.path}: CPU ms ${of('cpuMs')}, ${middleHalf('cpuMs')}; ` +
    `server ${of('serverCpuMs')}; PostgreSQL ${of('postgresCpuMs')}; per second ${of('perSecond')}` +
    (hashes ? `; beside hashing ${of(beside)}, ${middleHalf(beside)}` : '')
  );
}

const plans = choosePaths(values.paths.split(','), false).filter(({ at, measure }) => !at && !measure);
const sides = [];
try {
  const own = new URL('../', import.meta.url);
  const root = folder ? pathToFileURL(`${folder}/`) : own;
  // A value may hold a `=` of its own, as NODE_OPTIONS does.
  const named = (text) => ({ [text.slice(0, text.indexOf('='))]: text.slice(text.indexOf('=') + 1) });
  sides.push(await open('other', root, setting ? { settings: named(setting) } : {}));
  sides.push(await open('own', own, policy ? { clientPolicy: named(policy) } : {}));
  for (const plan of plans) process.stdout.write(`${await compare(plan, sides)}\n`);
} finally {
  for (const side of sides) await side.close();
}
