import { parseArgs } from 'node:util';
import { createDatabase, startCluster } from '../machine/cluster.mjs';
import { ensureBuilt } from '../setup.mjs';
import { adversaries, visitsByDay } from './adversaries.mjs';

/*
 * node bench/population/adaptation.mjs [--people 1600] [--days 25] [--seed 1] [--visits 15000]: populations whose policies adapt live through the engine, each with
 * something that must stop the adaptation; test/integration/adaptation-lived.test.ts runs fewer people. `--visits` is what a decision needs. Prints every change of
 * a decision, and exits with 1 where a timeout has left its floor or ceiling.
 */
const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '1600' },
    days: { type: 'string', default: '25' },
    seed: { type: 'string', default: '1' },
    visits: { type: 'string', default: '15000' },
  },
});
const [people, days, seed, visits] = [values.people, values.days, values.seed, values.visits].map(Number);
const say = (line) => process.stderr.write(`${line}\n`);

await ensureBuilt((line) => say(`  ${line}`));
const { AdaptingWorld } = await import('./adapting-world.mjs');
const { migrate } = await import('@curfew/persistence');
const { neededForAdaptation } = await import('@curfew/insight');
const built = (path) => import(`../../apps/admin-api/dist/${path}.js`);
await import('reflect-metadata');
const parts = Object.assign(
  {},
  ...(await Promise.all(
    [
      'adaptation/adaptation.store',
      'adaptation/adaptation-steps',
      'adaptation/nightly-adaptation',
      'adaptation/policy-evidence',
      'insight/insight-question',
      'policies/policy-acts',
    ].map(built),
  )),
);
const cluster = await startCluster();
let world;
try {
  const databaseUrl = await createDatabase(cluster, 'adaptation');
  await migrate(databaseUrl);
  const share = visits / neededForAdaptation.visits;
  const needed = {
    ...neededForAdaptation,
    visits,
    accounts: Math.ceil(neededForAdaptation.accounts * share),
    stageVisits: Math.ceil(neededForAdaptation.stageVisits * share),
  };
  world = await AdaptingWorld.open(databaseUrl, parts, needed);
  const settings = {
    mode: 'automatic',
    floor: '22m',
    ceiling: '1h',
    budget: { kind: 'sign_ins_per_person_day', max: 100 },
  };
  for (const population of adversaries({ people, seed }))
    await world.add({ ...population, plan: visitsByDay(population, days) }, settings);
  const began = performance.now();
  for (let day = 0; day < days; day += 1) {
    await world.live(day);
    say(
      `day ${day}, ${Math.round((performance.now() - began) / 1_000)} s: ${JSON.stringify(world.happened)}`,
    );
    for (const { name, nights } of world.populations) {
      const [before, now] = [nights.at(-2), nights.at(-1)];
      if (before?.kind !== now.kind || now.kind === 'stage')
        say(
          `  ${name}: ${now.kind} at ${now.inactivityTimeout} s, canary ${JSON.stringify(now.canary)}: ${now.reasons.join('; ')}`,
        );
    }
  }
  const told = world.populations.map(({ name, nights }) => ({ name, nights }));
  process.stdout.write(
    `${JSON.stringify({ people, days, seed, needed, happened: world.happened, told }, null, 2)}\n`,
  );
  process.exitCode = told.every(({ nights }) =>
    nights.every(({ inactivityTimeout: timeout }) => timeout >= 1_320 && timeout <= 3_600),
  )
    ? 0
    : 1;
} finally {
  await world?.close();
  await cluster.stop();
}
