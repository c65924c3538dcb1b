import fc from 'fast-check';
import {
  endReaches,
  parsePolicy,
  type SessionPolicy,
  type SettingShape,
  seconds,
  settingNames,
  settingOf,
  strictest,
} from '../test/domain.js';

const violationsOf = (input: unknown): readonly string[] => {
  const parsed = parsePolicy(input);
  return parsed.ok ? [] : parsed.violations;
};

const anyPolicy: fc.Arbitrary<SessionPolicy> = fc
  .record(
    Object.fromEntries(
      settingNames.map((name): [string, fc.Arbitrary<unknown>] => {
        const shape: SettingShape = settingOf(name).shape;
        if (shape.kind === 'choice') return [name, fc.constantFrom(...shape.choices)];
        // The strictest is taken of policies that have been brought to the arm of an account.
        if (shape.kind === 'canary') return [name, fc.constant(null)];
        const within = fc.integer({ min: shape.min, max: shape.max });
        return [name, shape.kind === 'count' && shape.orUnlimited ? fc.option(within) : within];
      }),
    ),
  )
  .map((values) => values as unknown as SessionPolicy)
  .map((policy) => {
    // Relations by construction; filtering would throw most draws away.
    const inactivityTimeout = Math.max(policy.inactivityTimeout, policy.accessTokenLifetime + 1);
    return {
      ...policy,
      inactivityTimeout: seconds(inactivityTimeout),
      absoluteLifetime: seconds(Math.max(policy.absoluteLifetime, inactivityTimeout)),
      idleWarning: seconds(Math.min(policy.idleWarning, inactivityTimeout - 1)),
    };
  });

describe('the strictest of several policies', () => {
  it('does not depend on order, grouping or repetition', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, anyPolicy, (a, b, c) => {
        expect(strictest(a, b)).toEqual(strictest(b, a));
        expect(strictest(strictest(a, b), c)).toEqual(strictest(a, strictest(b, c)));
        expect(strictest(a, a)).toEqual(a);
      }),
      { numRuns: 300 },
    );
  });

  it('of valid policies is valid', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, (a, b) => {
        expect(violationsOf(a)).toEqual([]);
        expect(violationsOf(strictest(a, b))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it('is never laxer than any of them in time, retries or consequences', () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, (a, b) => {
        const both = strictest(a, b);
        for (const one of [a, b]) {
          for (const name of settingNames) {
            const shape = settingOf(name).shape;
            const larger = name === 'accessTokenJitterPercent' || name === 'idleWarning';
            if (shape.kind === 'choice' || shape.kind === 'canary' || larger) continue;
            expect(Number(both[name] ?? Infinity)).toBeLessThanOrEqual(Number(one[name] ?? Infinity));
          }
          expect(endReaches.indexOf(both.onReuse)).toBeGreaterThanOrEqual(endReaches.indexOf(one.onReuse));
          if (one.ipChange === 'end') expect(both.ipChange).toBe('end');
          if (one.deviceMismatch === 'end') expect(both.deviceMismatch).toBe('end');
        }
      }),
      { numRuns: 200 },
    );
  });
});
