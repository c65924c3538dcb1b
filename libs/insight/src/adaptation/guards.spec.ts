import { bucketOf, type CountKind, FoldedCounts } from '../counts.js';
import { type ArmCounts } from '../give-up.js';
import { type Guard, neededForAdaptation } from './adaptation-evidence.js';
import { parseAdaptation } from './adaptation-settings.js';
import { freshState } from './adaptation-state.js';
import { decideAdaptation } from './decide.js';
import { failureGuard, lostVisitsGuard, resumptionGuard } from './guards.js';

type Filling = Partial<Record<CountKind, number>>;

/** An arm with so many counts of each kind in each fold, one more or fewer in some of them; a silence of the kind lasts 25 minutes. */
const armOf = (
  arm: 0 | 1,
  inactivityTimeout: number,
  filling: Filling,
  folds: readonly number[] = Array.from({ length: 16 }, (_, fold) => fold),
): ArmCounts => {
  const folded = new FoldedCounts();
  for (const fold of folds)
    for (const [kind, count] of Object.entries(filling))
      folded.folds[fold]![kind as CountKind][bucketOf(1_500_000)]! += count + (fold % 3) - 1;
  return { arm, inactivityTimeout, folded, days: 7 };
};
const worst = ([guard]: readonly Guard[]): number => guard!.value - 4 * guard!.error;

describe('the guard of the last stage', () => {
  const canary = [armOf(1, 1_380, { cut: 40, back: 30 }), armOf(0, 1_800, { cut: 40, back: 10 })];

  it('compares a timeout that is for all with itself in the canary before: fewer sign-ins after it are a harm', () => {
    const harmed = resumptionGuard(canary, [armOf(0, 1_380, { cut: 40, back: 20 })], 1_380);
    expect(harmed).toMatchObject([{ value: expect.closeTo(0.25, 2), folds: expect.closeTo(16, 0) }]);
    expect(worst(harmed)).toBeGreaterThan(harmed[0]!.limit);
    const same = resumptionGuard(canary, [armOf(0, 1_380, { cut: 40, back: 30 })], 1_380);
    expect(Math.abs(same[0]!.value)).toBeLessThan(0.01);
  });

  it('takes the timeout of before for all accounts again', () => {
    const parsed = parseAdaptation({
      ...{ mode: 'automatic', floor: '10m', ceiling: '1h' },
      budget: { kind: 'sign_ins_per_person_day', max: 1 },
    });
    if (!parsed.ok) throw new Error(parsed.violations.join());
    const now = Date.UTC(2030, 5, 12) as Parameters<typeof decideAdaptation>[3];
    const estimate = { value: 0.5, low: 0.4, high: 0.6 };
    const evidence = {
      ...{
        timeoutInForce: 1_380,
        hasCanary: false,
        days: 28,
        visits: 40_000,
        accounts: 200,
        foldShare: 0.08,
      },
      ...{ halves: [estimate, estimate] as const, costOf: () => estimate, stageVisits: 100 },
      guards: resumptionGuard(canary, [armOf(0, 1_380, { cut: 40, back: 20 })], 1_380),
      ...{ openAttackAlerts: 0, releasedAt: null },
    };
    const rollout = { from: 1_800, to: 1_380, stage: 3, since: now, startedAt: now, looks: 20 };
    expect(decideAdaptation(parsed.settings, { ...freshState, rollout }, evidence, now)).toMatchObject({
      kind: 'roll_back',
      to: 1_800,
      reasons: [expect.stringContaining('timeouts without a new sign-in')],
    });
  });

  it('says nothing where one of the two has not been', () => {
    expect(resumptionGuard(canary.slice(1), [armOf(0, 1_380, { cut: 40 })], 1_380)).toEqual([]);
    expect(resumptionGuard(canary, [armOf(0, 1_800, { cut: 40 })], 1_380)).toEqual([]);
  });
});

describe('guards of a handful of cases', () => {
  const few = [0, 1, 2];

  it('say nothing, whatever the cases are like', () => {
    const reached = { reached: 15, rejoined: 10, cut: 15 };
    const arms = [armOf(0, 1_800, { ...reached, first: 20 }), armOf(1, 1_380, { reached: 15 }, few)];
    expect(lostVisitsGuard(arms)).toEqual([]);
    const before = [armOf(1, 1_380, { cut: 15, back: 15 }, few)];
    expect(resumptionGuard(before, [armOf(0, 1_380, { cut: 40 })], 1_380)).toEqual([]);
    const failures = (count: number) => [
      { arm: 0 as const, folds: new Array<number>(16).fill(1) },
      { arm: 1 as const, folds: new Array<number>(16).fill(count) },
    ];
    expect(failureGuard(arms, failures(3))).toEqual([]);
    expect(failureGuard(arms, failures(4))).toHaveLength(1);
  });

  it('are as certain as the folds that the smaller arm fills', () => {
    const filling = { reached: 40, rejoined: 20, cut: 40 };
    const arms = [armOf(0, 1_800, filling), armOf(1, 1_380, filling, [0, 1, 2, 3, 4, 5])];
    expect(lostVisitsGuard(arms)[0]!.folds).toBeCloseTo(6, 1);
    expect(neededForAdaptation.foldShare).toBeLessThan(1 / 4);
  });
});
