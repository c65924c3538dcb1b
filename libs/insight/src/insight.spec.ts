import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { lifetimeUnder } from './ages.js';
import {
  bucketCount,
  bucketEdges,
  bucketEnd,
  bucketOf,
  FoldedCounts,
  foldOf,
  noCounts,
  shareBeyond,
} from './counts.js';
import { shortfalls } from './enough-data.js';
import { Evidence } from './evidence.js';
import { signInsPerVisit } from './figures.js';
import { funnelOf } from './funnel.js';
import { evenFolds, jackknife, jackknifeError, student95 } from './jackknife.js';
import { shareEstimate } from './shares.js';
import { kaplanMeier, valleyOf } from './survival.js';

const minutes = (count: number) => count * 60;
const chosen = [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 120, 240, 480, 720, 1_440].map(minutes);

describe('the buckets of lengths of time', () => {
  it('are 101, in order, and begin exactly at every timeout that is likely to be chosen', () => {
    expect(bucketCount).toBe(101);
    expect([...bucketEdges]).toEqual([...new Set(bucketEdges)].sort((a, b) => a - b));
    for (const length of chosen) {
      expect(bucketEdges[bucketOf(length * 1_000)]).toBe(length);
      expect(bucketOf(length * 1_000 - 1)).toBe(bucketOf(length * 1_000) - 1);
    }
  });

  it('hold every length once, from none at all to any number of milliseconds', () => {
    const anyLength = fc.oneof(fc.double({ min: 0, max: 4e9, noNaN: true }), fc.nat(4_000_000_000));
    fc.assert(
      fc.property(anyLength, (milliseconds) => {
        const bucket = bucketOf(milliseconds);
        const length = milliseconds / 1_000;
        expect(bucket === 0 || bucketEdges[bucket]! <= length).toBe(true);
        expect(length).toBeLessThan(bucketEnd(bucket));
      }),
    );
    expect(bucketOf(0)).toBe(0);
    expect(bucketOf(Number.MAX_SAFE_INTEGER)).toBe(100);
  });

  it('share what they hold evenly on a logarithmic scale', () => {
    fc.assert(
      fc.property(
        fc.nat(bucketCount - 2),
        fc.double({ min: 0.5, max: 3e6, noNaN: true }),
        (bucket, length) => {
          const share = shareBeyond(bucket, length);
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
          expect(share).toBeGreaterThanOrEqual(shareBeyond(bucket, length * 1.1));
        },
      ),
    );
  });
});

it('the fold of an account is the last digit of its id', () => {
  for (const [digit, fold] of [...'0123456789abcdef'].map((one, index) => [one, index] as const))
    expect(foldOf(`0193a5f0-0000-7000-8000-00000000000${digit}`)).toBe(fold);
});

describe('the estimators beside a public survival library', () => {
  interface Survival {
    readonly source: string;
    readonly returned: [number, number][][];
    readonly cut: [number, number][][];
    readonly censored: [number, number][][];
    readonly surviving: number[];
    readonly jackknife: { bucket: number; error: number }[];
  }
  const known = JSON.parse(readFileSync('test/fixtures/survival.json', 'utf8')) as Survival;
  const folded = new FoldedCounts();
  for (const kind of ['returned', 'cut', 'censored'] as const)
    known[kind].forEach((counts, fold) => {
      for (const [bucket, count] of counts) folded.folds[fold]![kind][bucket] = count;
    });

  it('find the same survival, to a billionth', () => {
    const { surviving } = kaplanMeier(folded.total());
    expect(known.surviving).toHaveLength(bucketCount);
    for (const [bucket, value] of known.surviving.entries())
      expect(Math.abs(surviving[bucket]! - value)).toBeLessThan(1e-9);
  });

  it('find the same standard errors, to a billionth', () => {
    for (const { bucket, error } of known.jackknife) {
      const leftOut = folded.withoutEach().map((counts) => kaplanMeier(counts).surviving[bucket]!);
      expect(Math.abs(jackknifeError(leftOut) - error)).toBeLessThan(1e-9);
      const { value, low, high } = jackknife(folded, (counts) => kaplanMeier(counts).surviving[bucket]!);
      expect((high - low) / 2 / error).toBeCloseTo(2.13145, 4);
      expect((high + low) / 2).toBeCloseTo(value, 9);
    }
  });
});

it.each([
  [4, 2.7764451],
  [9, 2.2621572],
  [15, 2.1314495],
  [1e9, 1.959964],
])("Student's distribution with %d degrees of freedom has its tables' value", (freedom, value) => {
  expect(Math.abs(student95(freedom) - value)).toBeLessThan(0.003);
});

it('folds that hold unequally much tell as much as fewer of one size, and never fewer than four', () => {
  expect(evenFolds(Array(16).fill(7))).toBe(16);
  expect(evenFolds([...Array(8).fill(5), ...Array(8).fill(0)])).toBe(8);
  expect(evenFolds([1_000, ...Array(15).fill(1)])).toBe(4);
  expect(evenFolds(Array(16).fill(0))).toBe(16);
});

describe('a share', () => {
  it.each([
    [0, 0, { value: 0, low: 0, high: 1 }],
    [0, 10, { value: 0, low: 0, high: 0.277533 }],
    [5, 10, { value: 0.5, low: 0.236593, high: 0.763407 }],
    [81, 263, { value: 0.307985, low: 0.255289, high: 0.36621 }],
  ])("of %d in %d has Wilson's interval", (part, whole, known) => {
    for (const [name, value] of Object.entries(shareEstimate(part, whole)))
      expect(value).toBeCloseTo(known[name as keyof typeof known], 4);
  });
});

describe('figures at their edges', () => {
  it('the valley lies between the hills of the curve', () => {
    const counts = noCounts();
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      const x = Math.log(bucketEdges[bucket]!);
      const hill = (at: number) => Math.exp(-((x - Math.log(at)) ** 2) / 2);
      counts.returned[bucket] =
        10_000 * (hill(40) + 0.2 * hill(43_200)) * Math.log(bucketEnd(bucket) / bucketEdges[bucket]!);
    }
    counts.returned[100] = 0;
    expect(valleyOf(counts)!.seconds).toBeGreaterThan(600);
    expect(valleyOf(counts)!.seconds).toBeLessThan(7_200);
    expect(valleyOf(noCounts())).toBeUndefined();
  });

  it('without any counts everything is zero and what is missing is said, with no day on which it will be there', () => {
    const folded = new FoldedCounts();
    const evidence = new Evidence([{ inactivityTimeout: 1_800, folded }]);
    expect(evidence.estimate(signInsPerVisit())).toEqual({ value: 0, low: 0, high: 0 });
    expect(shortfalls(folded, 0)).toEqual([
      { of: 'days', have: 0, need: 3, days: 3 },
      { of: 'silences', have: 0, need: 1_000, days: null },
      { of: 'visits', have: 0, need: 200, days: null },
    ]);
    expect(new Evidence([]).estimate(signInsPerVisit())).toEqual({ value: 0, low: 0, high: 0 });
  });

  it('too little data says until when at the rate of today, and one account alone is not enough', () => {
    const folded = new FoldedCounts();
    folded.folds[3]!.returned[20] = 400;
    folded.folds[3]!.cut[51] = 100;
    expect(shortfalls(folded, 5)).toEqual([
      { of: 'silences', have: 500, need: 1_000, days: 5 },
      { of: 'visits', have: 100, need: 200, days: 5 },
      { of: 'folds', have: 1, need: 2, days: null },
    ]);
  });

  it('the funnel counts each step within its windows', () => {
    const counts = noCounts();
    counts.cut[51] = 10;
    for (const seconds of [30, 90, 300, 3_000, 20_000, 40_000]) counts.shown[bucketOf(seconds * 1_000)]!++;
    counts.resumed[bucketOf(90_000)]!++;
    expect(funnelOf(counts).map(({ shown }) => shown)).toEqual([2, 3, 4, 5]);
    expect(funnelOf(counts)[0]).toEqual({ withinSeconds: 120, ended: 10, shown: 2, proved: 0, resumed: 1 });
  });

  it('a session that lasts for three lifetimes is cut twice or more often by a third of it', () => {
    const counts = noCounts();
    counts.aged[bucketOf(3_600_000)] = 3;
    counts.aged_out[bucketOf(28_800_000)] = 1;
    expect(lifetimeUnder(counts, 28_800)).toEqual({ reached: 0.25, ends: 0.25 });
    expect(lifetimeUnder(counts, 14_400)).toEqual({ reached: 0.25, ends: 0.5 });
    expect(lifetimeUnder(noCounts(), 14_400)).toBeUndefined();
  });
});
