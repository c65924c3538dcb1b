import fc from 'fast-check';
import {
  formatDuration,
  formatPolicy,
  parseDuration,
  parsePolicy,
  profileNames,
  profiles,
  type SettingShape,
  seconds,
  settingNames,
  settingOf,
} from '../test/domain.js';

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
    // A policy without a canary says nothing of one.
    const required = settingNames.filter((name) => !settingOf(name).isOptional);
    expect(violationsOf({})).toEqual(required.map((name) => `${name} is required`));
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

  it('may have a canary, whose share is written with or without its sign', () => {
    for (const share of ['10%', 10]) {
      const parsed = parsePolicy({ ...written, canary: { inactivityTimeout: '45m', share } });
      expect(parsed.ok && parsed.policy.canary).toEqual({ inactivityTimeout: 2_700, share: 10 });
      expect(parsed.ok && formatPolicy(parsed.policy).canary).toEqual({
        inactivityTimeout: '45m',
        share: '10%',
      });
    }
    for (const canary of [null, undefined]) {
      const parsed = parsePolicy(canary === null ? { ...written, canary } : written);
      expect(parsed.ok && 'canary' in formatPolicy(parsed.policy)).toBe(false);
    }
  });

  it.each([
    [{ inactivityTimeout: '45m' }, 'canary must be null, or have'],
    [{ inactivityTimeout: '45m', share: '60%' }, 'a share between 1% and 50%'],
    [{ inactivityTimeout: '45m', share: '0%' }, 'a share between 1% and 50%'],
    [{ inactivityTimeout: '45m', share: 2.5 }, 'a share between 1% and 50%'],
    [{ inactivityTimeout: '45s', share: '10%' }, 'an inactivityTimeout between 1m and 30d'],
    [{ inactivityTimeout: '45m', share: '10%', since: 1 }, 'and nothing else'],
    ['10%', 'canary must be null'],
    [
      { inactivityTimeout: '30m', share: '10%' },
      'canary.inactivityTimeout must differ from inactivityTimeout',
    ],
    [{ inactivityTimeout: '13h', share: '10%' }, 'canary.inactivityTimeout must not exceed absoluteLifetime'],
    [
      { inactivityTimeout: '10m', share: '10%' },
      'accessTokenLifetime must be shorter than canary.inactivityTimeout',
    ],
  ])('refuses the canary %j', (canary, violation) => {
    expect(violationsOf({ ...written, canary })).toEqual([expect.stringContaining(violation)]);
  });

  it('may have an inactivity timeout equal to its absolute lifetime', () => {
    expect(violationsOf({ ...written, inactivityTimeout: '12h' })).toEqual([]);
  });

  const bounded = settingNames.flatMap((name) => {
    const shape: SettingShape = settingOf(name).shape;
    return shape.kind === 'choice' || shape.kind === 'canary'
      ? []
      : [{ name, min: shape.min, max: shape.max }];
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
