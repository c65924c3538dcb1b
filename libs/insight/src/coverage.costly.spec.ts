import { populationUnder } from '../test/population.js';
import { Evidence, signInsPerVisit } from './index.js';

const known = { low: 0.15, high: 0.15, isMeasured: true };
const truth = { people: 130, days: 10, giveUpShare: 0.15, seed: 0 };
const candidates = [10, 15, 20, 30, 45].map((minutes) => minutes * 60);

it('an interval of sign-ins again holds the truth in at least nine of ten cells', () => {
  const really = candidates.map((candidate) => {
    const { signedInAgain, visits } = populationUnder(candidate, { ...truth, people: 2_000, seed: 99 });
    return signedInAgain / visits;
  });
  const held = Array.from({ length: 10 }, (_, seed) => {
    const { folded } = populationUnder(1_800, { ...truth, seed: 1_000 + seed });
    const evidence = new Evidence([{ inactivityTimeout: 1_800, folded }], known);
    return candidates.filter((candidate, index) => {
      const { low, high } = evidence.estimate(signInsPerVisit(candidate));
      return low <= really[index]! && really[index]! <= high;
    }).length;
  });
  expect(held.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(45);
});
