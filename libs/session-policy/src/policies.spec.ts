import fc from 'fast-check';
import { aPolicy, lasting } from '../test/builders.js';
import {
  effectivePolicy,
  formatDuration,
  formatPolicy,
  lintPolicy,
  parseDuration,
  parsePolicy,
  policySettings,
  profileNames,
  profiles,
  type SessionPolicy,
  type SettingShape,
  seconds,
  settingNames,
  strictest,
} from './index.js';

const hour = 3_600;
const written = formatPolicy(profiles.standard.policy);

const violationsOf = (input: unknown): readonly string[] => {
  const parsed = parsePolicy(input);
  return parsed.ok ? [] : parsed.violations;
};

describe('a duration', () => {
  it.each([
    ['0s', 0],
    ['15m', 900],
    ['1h30m', 5_400],
    ['30d', 2_592_000],
    [600, 600],
  ])('is read from %j', (input, expected) => {
    expect(parseDuration(input)).toBe(expected);
  });

  it.each([
    '',
    '15',
    '15 m',
    'm',
    '1.5h',
    '-1m',
    '1m1h',
    '1M',
    '15minutes',
    -1,
    1.5,
    Number.NaN,
    2 ** 60,
    null,
    {},
    [],
  ])('is not read from %j', (input) => {
    expect(parseDuration(input)).toBeNull();
  });

  it('is written so that it reads back, with the largest unit that divides it', () => {
    expect([0, 90, 5_400, 43_200, 86_400, 129_600].map((count) => formatDuration(seconds(count)))).toEqual([
      '0s',
      '90s',
      '90m',
      '12h',
      '1d',
      '36h',
    ]);
    fc.assert(
      fc.property(fc.nat(400 * 86_400), (count) => parseDuration(formatDuration(seconds(count))) === count),
    );
  });
});

describe('a policy from outside', () => {
  it.each(profileNames)('may be the ready profile %s as it is written', (name) => {
    expect(parsePolicy(formatPolicy(profiles[name].policy))).toEqual({
      ok: true,
      policy: profiles[name].policy,
    });
  });

  it('may give whole seconds instead of units', () => {
    expect(parsePolicy(profiles.mobile.policy)).toEqual({ ok: true, policy: profiles.mobile.policy });
  });

  it('may name the ready profile it is based on and give only what differs', () => {
    expect(parsePolicy({ basedOn: 'sensitive', retryWindow: '0s' })).toEqual({
      ok: true,
      policy: { ...profiles.sensitive.policy, retryWindow: 0 },
    });
  });

  it('is refused with all of its faults at once, by name and never by value', () => {
    const violations = violationsOf({
      ...written,
      accessTokenLifetime: '16m',
      rotation: 'hunter2',
      retryLimit: 21,
      inactivityTimeout: '13h',
      sessionsPerAccount: 0,
      idleTimeout: '5m',
    });
    expect(violations).toEqual([
      '"idleTimeout" is not a setting of a policy',
      'accessTokenLifetime must be between 5m and 15m',
      'rotation must be one of always, never',
      'retryLimit must be a whole number between 0 and 20',
      'sessionsPerAccount must be a whole number between 1 and 10000, or null for unlimited',
      'inactivityTimeout must not exceed absoluteLifetime',
    ]);
    expect(violations.join()).not.toContain('hunter2');
  });

  it('is refused when a setting is missing, and says which', () => {
    const { retryWindow: _, ...incomplete } = written;
    expect(violationsOf(incomplete)).toEqual(['retryWindow is required']);
    expect(violationsOf({})).toHaveLength(settingNames.length);
  });

  it.each([null, undefined, 'standard', 7, [], [written]])('is refused when it is %j', (input) => {
    expect(violationsOf(input)).toEqual(['a policy must be an object of settings']);
  });

  it('is not fooled by names every object has', () => {
    expect(violationsOf({ basedOn: 'toString' })).toContain(
      `basedOn must be one of ${profileNames.join(', ')}`,
    );
    expect(violationsOf({ ...written, constructor: 1 })).toEqual([
      '"constructor" is not a setting of a policy',
    ]);
    expect(violationsOf(JSON.parse('{"__proto__": {"basedOn": "standard"}}'))).toContain(
      'retryWindow is required',
    );
  });

  it.each([
    [
      { accessTokenLifetime: '10m', inactivityTimeout: '10m' },
      'accessTokenLifetime must be shorter than inactivityTimeout',
    ],
    [
      { inactivityTimeout: '12h', absoluteLifetime: '11h' },
      'inactivityTimeout must not exceed absoluteLifetime',
    ],
    [{ inactivityTimeout: '11m', idleWarning: '11m' }, 'idleWarning must be shorter than inactivityTimeout'],
  ])('keeps its relations: %j is refused', (changes, violation) => {
    expect(violationsOf({ ...written, ...changes })).toEqual([violation]);
  });

  it('may have an inactivity timeout equal to its absolute lifetime', () => {
    expect(violationsOf({ ...written, inactivityTimeout: '12h' })).toEqual([]);
  });

  const bounded = settingNames.flatMap((name) => {
    const shape: SettingShape = policySettings[name];
    return shape.kind === 'choice' ? [] : [{ name, min: shape.min, max: shape.max }];
  });

  it.each(bounded)('holds $name to $min … $max', ({ name, min, max }) => {
    const bounds = (value: number) =>
      violationsOf({ ...written, [name]: value }).filter((violation) => violation.includes(' between '));
    expect(bounds(min)).toEqual([]);
    expect(bounds(max)).toEqual([]);
    expect(bounds(max + 1)).toHaveLength(1);
    if (min > 0) expect(bounds(min - 1)).toHaveLength(1);
  });
});

describe('the ready profiles', () => {
  const {
    'nist-aal1': aal1,
    'nist-aal2': aal2,
    'nist-aal3': aal3,
    'pci-dss': pci,
    fapi2,
    standard,
    sensitive,
  } = profiles;

  it('meet NIST SP 800-63B-4: overall and inactivity timeouts of each assurance level', () => {
    expect(aal1.policy.absoluteLifetime).toBeLessThanOrEqual(30 * 24 * hour);
    expect(aal2.policy.absoluteLifetime).toBeLessThanOrEqual(24 * hour);
    expect(aal2.policy.inactivityTimeout).toBeLessThanOrEqual(hour);
    expect(aal3.policy.absoluteLifetime).toBeLessThanOrEqual(12 * hour);
    expect(aal3.policy.inactivityTimeout).toBeLessThanOrEqual(15 * 60);
    expect([aal2.policy.activity, aal3.policy.activity]).toEqual(['use', 'use']);
  });

  it('meet PCI DSS 8.2.8: fifteen idle minutes', () => {
    expect(pci.policy.inactivityTimeout).toBeLessThanOrEqual(15 * 60);
    expect(pci.policy.activity).toBe('use');
  });

  it('meet FAPI 2.0: no rotation, and time enough for a retry where a token does rotate', () => {
    expect(fapi2.policy.rotation).toBe('never');
    expect(fapi2.policy.retryWindow).toBeGreaterThanOrEqual(30);
  });

  it('bring no warnings, and say for whom they are and where they come from', () => {
    for (const name of profileNames) {
      const attachedTo = name === 'fapi2' ? 'client' : 'everyone';
      const warnings = lintPolicy(profiles[name].policy, attachedTo).filter(
        ({ severity }) => severity === 'warning',
      );
      expect([name, warnings]).toEqual([name, []]);
      expect(profiles[name].purpose).toMatch(/\.$/);
      expect(profiles[name].source).toMatch(/RFC|NIST|PCI|FAPI|OWASP|ASVS/);
    }
  });

  it('differ in strictness as their names say', () => {
    expect(strictest(standard.policy, sensitive.policy)).toEqual(sensitive.policy);
  });
});

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

describe('lint', () => {
  const codes = (changes: Partial<SessionPolicy>, attachedTo?: 'everyone' | 'client' | 'resource') =>
    lintPolicy(aPolicy(changes), attachedTo).map(({ code }) => code);

  it.each([
    ['cache_needs_feed', { introspectionCache: seconds(3) }, { introspectionCache: seconds(2) }],
    ['no_rotation_unbound', { rotation: 'never' }, { rotation: 'always' }],
    ['strict_mode', { retryWindow: seconds(0) }, { retryWindow: seconds(1) }],
    ['window_without_retries', { retryLimit: 0 }, { retryLimit: 1 }],
    ['reuse_ends_account', { onReuse: 'account' }, { onReuse: 'session' }],
    ['background_keeps_alive', { inactivityTimeout: seconds(900) }, { inactivityTimeout: seconds(901) }],
    ['idle_equals_absolute', { inactivityTimeout: lasting('12h') }, { inactivityTimeout: lasting('11h') }],
    [
      'idle_shorter_than_two_tokens',
      { activity: 'refresh', inactivityTimeout: seconds(1_199) },
      { activity: 'refresh', inactivityTimeout: seconds(1_200) },
    ],
    ['beyond_aal1', { absoluteLifetime: lasting('31d') }, { absoluteLifetime: lasting('30d') }],
    ['exact_address', { ipGranularity: 'exact', ipChange: 'step_up' }, { ipGranularity: 'exact' }],
    ['network_ends', { ipChange: 'end' }, { ipChange: 'step_up' }],
    [
      'limit_refuses_new',
      { sessionsPerAccount: 5, whenSessionsFull: 'refuse_new' },
      { whenSessionsFull: 'refuse_new' },
    ],
    ['password_change_keeps', {}, { onPasswordChange: 'end_others' }],
  ] as [string, Partial<SessionPolicy>, Partial<SessionPolicy>][])('says %s', (code, changes, harmless) => {
    expect(codes(changes)).toContain(code);
    expect(codes(harmless)).not.toContain(code);
  });

  it('says where doing without rotation has no effect', () => {
    expect(codes({ rotation: 'never' }, 'everyone')).toContain('no_rotation_elsewhere');
    expect(codes({ rotation: 'never' }, 'resource')).toContain('no_rotation_elsewhere');
    expect(codes({ rotation: 'never' }, 'client')).not.toContain('no_rotation_elsewhere');
  });
});
