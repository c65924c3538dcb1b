import { parseArgs } from 'node:util';
import { bucketOf, FoldedCounts } from '@curfew/insight';
import { randomFrom } from '../../libs/session-policy/test/random-from.mjs';
import { truthsOf } from './clients.mjs';
import { countedOf, intendedVisits, livedUnder, trialCountedOf } from './people.mjs';
import { coverageOf, giveUpCoverageOf } from './verdict.mjs';

/*
 * The intervals alone, over many populations like those of run.mjs, and without a product: it would take weeks there, and what it counts is exactly
 * what is put into histograms here (test/integration/insight.test.ts holds that). Exit status 1 says that over all of them too few hold the truth.
 *   node bench/population/coverage.mjs [--seeds 30] [--clients 10] [--people 32] [--days 10] [--canary 2700]
 * With the timeout of a canary of half of the accounts, in seconds, the intervals of the share of people who give up are looked at as well.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '30' },
    people: { type: 'string', default: '32' },
    days: { type: 'string', default: '10' },
    clients: { type: 'string', default: '10' },
    canary: { type: 'string' },
  },
});
const [seeds, people, days, clients] = [values.seeds, values.people, values.days, values.clients].map(Number);
const inForce = 1_800;
const canary = values.canary && Number(values.canary);
const bar = 0.9;

/** Counts of both arms, or of the only one. The digits of an account's id are random, so its fold and its arm are. */
function armsOf(truth) {
  const random = randomFrom(truth.seed + 7);
  const folds = Array.from({ length: truth.people }, () => Math.floor(random() * 16));
  const places = Array.from({ length: truth.people }, () => Number(canary !== undefined && random() < 0.5));
  const timeouts = canary === undefined ? [inForce] : [inForce, canary];
  const arms = timeouts.map((inactivityTimeout, arm) => ({
    arm,
    inactivityTimeout,
    days: truth.days,
    folded: new FoldedCounts(),
  }));
  for (const { person, visits } of intendedVisits(truth))
    for (const visit of visits) {
      const { inactivityTimeout, folded } = arms[places[person]];
      const steps = livedUnder(visit, inactivityTimeout, truth.giveUpShare);
      const counted = [...countedOf(steps, inactivityTimeout)];
      if (canary !== undefined) counted.push(...trialCountedOf(steps, Math.min(...timeouts)));
      for (const [kind, seconds] of counted)
        folded.folds[folds[person]][kind][bucketOf(Math.round(seconds * 1_000))] += 1;
    }
  return arms;
}

const shares = [];
const giveUpShares = [];
for (let seed = 1; seed <= seeds; seed += 1) {
  const counted = truthsOf({ people, days, seed, clients }).map((truth) => {
    const arms = armsOf(truth);
    return { truth, days, groups: arms, arms };
  });
  shares.push(coverageOf(counted).told);
  if (canary !== undefined) giveUpShares.push(giveUpCoverageOf(counted).told);
  process.stderr.write(
    `seed ${seed}: ${[shares, giveUpShares].flatMap((of) => of.slice(-1).map((one) => `${(one * 100).toFixed(0)} %`)).join(', ')}\n`,
  );
}
const mean = (of) => of.reduce((sum, one) => sum + one, 0) / of.length;
const share = mean(shares);
const below = shares.filter((one) => one < bar).length;
const giveUp = giveUpShares.length > 0 && {
  share: mean(giveUpShares),
  below: giveUpShares.filter((one) => one < bar).length,
};
process.stdout.write(`${JSON.stringify({ seeds, clients, people, days, share, below, giveUp }, null, 2)}\n`);
process.exitCode = share >= bar && (!giveUp || giveUp.share >= bar) ? 0 : 1;
