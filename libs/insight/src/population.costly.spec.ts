import { populationUnder, type Truth } from '../../../test/support/population.js';
import { bucketCount, countKinds } from './counts.js';
import { assumedGiveUpShare, Evidence } from './evidence.js';
import { exposurePerDay, gaveUpPerVisit, signInsPerPersonDay, signInsPerVisit } from './figures.js';
import { clockworkShare } from './low-value.js';

const minutes = (count: number) => count * 60;

describe('a population whose truth is known', () => {
  const inForce = minutes(30);
  const truth: Truth = { people: 300, days: 10, giveUpShare: 0.15, seed: 11 };
  const seen = populationUnder(inForce, truth);
  const evidence = (giveUpShare = assumedGiveUpShare) =>
    new Evidence([{ inactivityTimeout: inForce, folded: seen.folded }], giveUpShare);
  const known = { low: 0.15, high: 0.15, isMeasured: true };
  const personDays = truth.people * truth.days;
  const off = (estimate: number, really: number) => Math.abs(estimate / really - 1);

  it('is counted in histograms of one size, and nothing of it twice', () => {
    for (const counts of seen.folded.folds)
      for (const kind of countKinds) expect(counts[kind]).toHaveLength(bucketCount);
    expect(evidence().visits).toBe(seen.visits);
  });

  it.each([
    ['a sixth', 5, 0.2],
    ['half', 15, 0.1],
    ['the same', 30, 0.1],
    ['twice as much', 60, 0.1],
  ])('what-if tells sign-ins again under %s of the timeout', (_, candidate, bar) => {
    const really = populationUnder(minutes(candidate), { ...truth, seed: 12 });
    const told = evidence(known).estimate(signInsPerVisit(minutes(candidate)));
    expect(off(told.value, really.signedInAgain / really.visits)).toBeLessThan(bar);
    const perDay = evidence(known).estimate(signInsPerPersonDay(minutes(candidate)));
    expect(off(perDay.value, really.signedInAgain / personDays)).toBeLessThan(bar);
  });

  it.each([5, 10, 15, 30, 45])('exposure under %i minutes is within 5 %', (candidate) => {
    const really = populationUnder(minutes(candidate), { ...truth, seed: 13 });
    const told = evidence(known).estimate(exposurePerDay(truth.days, minutes(candidate)));
    expect(off((told.value * truth.days) / seen.visits, really.exposureHours / really.visits)).toBeLessThan(
      0.05,
    );
  });

  it('a share of people who give up that nobody has measured widens the interval to the whole band', () => {
    const measured = evidence(known).estimate(gaveUpPerVisit());
    const band = evidence().estimate(gaveUpPerVisit());
    expect(off(measured.value, seen.gaveUp / seen.visits)).toBeLessThan(0.1);
    expect(band.low).toBeLessThan(measured.low);
    expect(band.high).toBeGreaterThan(measured.high);
  });

  it.each([0, 0.1, 0.4])('background refreshes of a share of %d are found within three points', (share) => {
    const { folded } = populationUnder(inForce, { ...truth, clockwork: { share, every: 285 } });
    const found = clockworkShare(folded.total().returned, 300);
    expect(Math.abs(found.share - share)).toBeLessThan(0.03);
    if (share > 0) expect(off(found.at, 285)).toBeLessThan(0.15);
  });
});

const small: Truth = { people: 130, days: 10, giveUpShare: 0.15, seed: 0 };
const candidates = [10, 15, 20, 30, 45].map(minutes);
const known = { low: 0.15, high: 0.15, isMeasured: true };

it('an interval of sign-ins again holds the truth in at least nine of ten cells', () => {
  const really = candidates.map((candidate) => {
    const { signedInAgain, visits } = populationUnder(candidate, { ...small, people: 800, seed: 99 });
    return signedInAgain / visits;
  });
  const held = Array.from({ length: 10 }, (_, seed) => {
    const { folded } = populationUnder(1_800, { ...small, seed: 1_000 + seed });
    const evidence = new Evidence([{ inactivityTimeout: 1_800, folded }], known);
    return candidates.filter((candidate, index) => {
      const { low, high } = evidence.estimate(signInsPerVisit(candidate));
      return low <= really[index]! && really[index]! <= high;
    }).length;
  });
  expect(held.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(45);
});
