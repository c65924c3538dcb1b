import { aPolicy, lasting } from '../test/builders.js';
import { effectivePolicy, profiles, strictest } from '../test/domain.js';

describe('the strictest of several policies', () => {
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

describe('of several reaches of reuse', () => {
  it.each([
    ['session', 'browser', 'browser'],
    ['browser', 'account', 'account'],
    ['session', 'account', 'account'],
  ] as const)('%s and %s give %s', (one, other, both) => {
    expect(strictest(aPolicy({ onReuse: one }), aPolicy({ onReuse: other })).onReuse).toBe(both);
    expect(strictest(aPolicy({ onReuse: other }), aPolicy({ onReuse: one })).onReuse).toBe(both);
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
