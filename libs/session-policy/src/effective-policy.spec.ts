import fc from 'fast-check';
import { aPolicy, lasting } from '../test/builders.js';
import {
  effectivePolicy,
  parsePolicy,
  policySettings,
  profiles,
  type SessionPolicy,
  type SettingShape,
  seconds,
  settingNames,
  strictest,
} from './index.js';

const violationsOf = (input: unknown): readonly string[] => {
  const parsed = parsePolicy(input);
  return parsed.ok ? [] : parsed.violations;
};

const anyPolicy: fc.Arbitrary<SessionPolicy> = fc
  .record(
    Object.fromEntries(
      settingNames.map((name): [string, fc.Arbitrary<unknown>] => {
        const shape: SettingShape = policySettings[name];
        if (shape.kind === 'choice') return [name, fc.constantFrom(...shape.choices)];
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
            const shape = policySettings[name];
            const larger = name === 'accessTokenJitterPercent' || name === 'idleWarning';
            if (shape.kind === 'choice' || larger) continue;
            expect(Number(both[name] ?? Infinity)).toBeLessThanOrEqual(Number(one[name] ?? Infinity));
          }
          if (one.onReuse === 'account') expect(both.onReuse).toBe('account');
          if (one.ipChange === 'end') expect(both.ipChange).toBe('end');
          if (one.deviceMismatch === 'end') expect(both.deviceMismatch).toBe('end');
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['country', 'end', 'exact', 'observe', 'country', 'end'],
    ['country', 'end', 'asn', 'step_up', 'asn', 'end'],
    ['prefix', 'off', 'asn', 'observe', 'asn', 'observe'],
    ['country', 'observe', 'prefix', 'observe', 'prefix', 'observe'],
  ] as const)(
    'of "%s: %s" and "%s: %s" watches the address as "%s: %s"',
    (g1, a1, g2, a2, granularity, action) => {
      const both = strictest(
        aPolicy({ ipGranularity: g1, ipChange: a1 }),
        aPolicy({ ipGranularity: g2, ipChange: a2 }),
      );
      expect([both.ipGranularity, both.ipChange]).toEqual([granularity, action]);
    },
  );

  it('warns as early as any of them, but always before the timeout', () => {
    const early = aPolicy({ inactivityTimeout: lasting('1h'), idleWarning: lasting('20m') });
    const short = aPolicy({ inactivityTimeout: lasting('11m'), idleWarning: lasting('30s') });
    expect(strictest(early, short).idleWarning).toBe(lasting('11m') - 1);
    expect(strictest(early, aPolicy()).idleWarning).toBe(lasting('20m'));
  });
});

describe('the policy that applies to a session', () => {
  const everyone = profiles.standard.policy;

  it('is the strictest of everyone, the client and the resources', () => {
    const client = aPolicy({ inactivityTimeout: lasting('20m') });
    const api = aPolicy({ absoluteLifetime: lasting('1h') });
    expect(effectivePolicy({ everyone, client, resources: [api] })).toEqual({
      ...everyone,
      inactivityTimeout: 1_200,
      absoluteLifetime: 3_600,
    });
  });

  it('is that of everyone where nothing else matches', () => {
    expect(effectivePolicy({ everyone })).toEqual(everyone);
    expect(effectivePolicy({ everyone, client: null, resources: [] })).toEqual(everyone);
  });

  it('lets only the client itself do without rotation', () => {
    const never = aPolicy({ rotation: 'never' });
    const rotation = (policies: Parameters<typeof effectivePolicy>[0]) => effectivePolicy(policies).rotation;
    expect(rotation({ everyone, client: never })).toBe('never');
    expect(rotation({ everyone, client: never, resources: [everyone] })).toBe('never');
    expect(rotation({ everyone: never })).toBe('always');
    expect(rotation({ everyone: never, client: everyone, resources: [never] })).toBe('always');
  });
});
