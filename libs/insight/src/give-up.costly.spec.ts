import { seldom } from '../../../bench/population/people.mjs';
import { type CanaryTruth, canaryUnder } from '../../../test/support/population.js';
import { comparedArms, giveUpFrom, lostVisits } from './give-up.js';
import { studentQuantile } from './student.js';

const truth: CanaryTruth = {
  people: 400,
  days: 6,
  giveUpShare: 0.15,
  seed: 0,
  timeouts: { control: 1_800, canary: 2_700 },
  canaryShare: 0.5,
  // A canary learns from first long silences alone, so short ones would only take their time.
  pace: seldom,
};

it.each([
  ['longer', 0.25, 2_700],
  ['shorter', 0.15, 1_200],
])(
  'a canary with a %s timeout tells the share %d of people who give up, in at least nine of ten populations',
  (_, share, canary) => {
    const found = Array.from({ length: 40 }, (_unused, index) => {
      const timeouts = { control: 1_800, canary };
      const arms = canaryUnder({ ...truth, giveUpShare: share, timeouts, seed: 100 + index });
      return giveUpFrom(comparedArms(arms)!);
    });
    const held = found.filter(({ interval: { low, high } }) => low <= share && share <= high);
    expect(held.length).toBeGreaterThanOrEqual(36);
    for (const { share: known } of found)
      if (known) expect((known.high - known.low) / 2).toBeLessThanOrEqual(0.05);
  },
);

it('a share is measured once its interval is narrow enough', () => {
  const { share } = giveUpFrom(comparedArms(canaryUnder({ ...truth, people: 3_000, seed: 9 }))!);
  expect(share).toMatchObject({ isMeasured: true });
});

it('too few people say how many are missing and until when', () => {
  const arms = canaryUnder({ ...truth, people: 200, canaryShare: 0.1, seed: 7 });
  const { share, have, need, days } = giveUpFrom(comparedArms(arms)!);
  expect(share).toBeUndefined();
  expect(need).toBeGreaterThan(have);
  expect(days).toBeGreaterThan(0);
  expect(comparedArms(arms.slice(0, 1))).toBeUndefined();
  expect(comparedArms([])).toBeUndefined();
});

describe('visits that a canary loses', () => {
  const tighter = { ...truth, people: 600, days: 10, timeouts: { control: 1_800, canary: 1_380 } };
  const least = (changes: Partial<CanaryTruth>, look = 1) => {
    const { value, error } = lostVisits(comparedArms(canaryUnder({ ...tighter, ...changes }))!);
    return value - studentQuantile(0.01 / (look * (look + 1)), 15) * error;
  };

  it('are more than the guard allows where twice as many people give up in it, with certainty', () => {
    for (const seed of [1, 2, 3]) expect(least({ seed, canaryGiveUpShare: 0.3 }, 3)).toBeGreaterThan(0.02);
  });

  it('are within it where the canary does no more than a shorter timeout does', () => {
    for (const seed of Array.from({ length: 6 }, (_, index) => 30 + index))
      expect(least({ seed })).toBeLessThan(0.02);
  });
});
