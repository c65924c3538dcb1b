import { parseArgs } from 'node:util';
import { bucketOf, FoldedCounts } from '@curfew/insight';
import { randomFrom } from '../../libs/session-policy/test/random-from.mjs';
import { truthsOf } from './clients.mjs';
import { countedOf, intendedVisits, livedUnder } from './people.mjs';
import { coverageOf } from './verdict.mjs';

/*
 * The intervals alone, over many populations like those of run.mjs, and without a product: it would take weeks there, and what it counts is exactly
 * what is put into histograms here (test/integration/insight.test.ts holds that). Exit status 1 says that over all of them too few hold the truth.
 *   node bench/population/coverage.mjs [--seeds 30] [--people 32] [--days 10]
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '30' },
    people: { type: 'string', default: '32' },
    days: { type: 'string', default: '10' },
  },
});
const [seeds, people, days] = [values.seeds, values.people, values.days].map(Number);
const inForce = 1_800;
const bar = 0.9;

/** The last digit of an account's id is random, so its fold is. */
function foldedOf(truth) {
  const random = randomFrom(truth.seed + 7);
  const folds = Array.from({ length: truth.people }, () => Math.floor(random() * 16));
  const folded = new FoldedCounts();
  for (const { person, visits } of intendedVisits(truth))
    for (const visit of visits)
      for (const [kind, seconds] of countedOf(livedUnder(visit, inForce, truth.giveUpShare), inForce))
        folded.folds[folds[person]][kind][bucketOf(seconds * 1_000)] += 1;
  return folded;
}

const shares = [];
for (let seed = 1; seed <= seeds; seed += 1) {
  const counted = truthsOf({ people, days, seed }).map((truth) => ({
    truth,
    days,
    groups: [{ inactivityTimeout: inForce, folded: foldedOf(truth) }],
  }));
  shares.push(coverageOf(counted).told);
  process.stderr.write(`seed ${seed}: ${(shares.at(-1) * 100).toFixed(0)} %\n`);
}
const share = shares.reduce((sum, one) => sum + one, 0) / shares.length;
const below = shares.filter((one) => one < bar).length;
process.stdout.write(`${JSON.stringify({ seeds, people, days, share, below }, null, 2)}\n`);
process.exitCode = share >= bar ? 0 : 1;
