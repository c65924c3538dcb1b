import { aPolicy, lasting } from '../test/builders.js';
import {
  lintPolicy,
  profileNames,
  profiles,
  type SessionPolicy,
  seconds,
  strictest,
} from '../test/domain.js';

const hour = 3_600;

describe('the ready profiles', () => {
  const {
    'nist-aal1': aal1,
    'nist-aal2': aal2,
    'nist-aal3': aal3,
    'pci-dss': pci,
    'ipsie-sl1': ipsie,
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

  it('meet NIST SP 800-63B-4: two factors at AAL2, and a key that cannot be phished at AAL3', () => {
    const classes = [aal1, aal2, aal3].map(({ policy }) => policy.requiredAcr);
    expect(classes).toEqual(['none', 'urn:curfew:acr:mfa', 'phr']);
    expect([aal2.source, aal3.source]).toEqual([
      expect.stringContaining('§2.2.1: two distinct factors'),
      expect.stringContaining('§2.3.1: two distinct factors, one of them a phishing-resistant key'),
    ]);
  });

  it('meet PCI DSS 8.2.8: fifteen idle minutes', () => {
    expect(pci.policy.inactivityTimeout).toBeLessThanOrEqual(15 * 60);
    expect(pci.policy.activity).toBe('use');
  });

  it('meet PCI DSS 8.4.2: two factors', () => {
    expect(pci.policy.requiredAcr).toBe('urn:curfew:acr:mfa');
    expect(pci.source).toContain('§8.4.2');
  });

  it('meet IPSIE SL1: two factors', () => {
    expect(ipsie.policy.requiredAcr).toBe('urn:curfew:acr:mfa');
  });

  it('meet FAPI 2.0: no rotation, and time enough for a retry where a token does rotate', () => {
    expect(fapi2.policy.rotation).toBe('never');
    expect(fapi2.policy.retryWindow).toBeGreaterThanOrEqual(30);
  });

  it('bring no warnings, and say for whom they are and where they come from', () => {
    for (const name of profileNames) {
      const attachedTo = name === 'fapi2' || name === 'agent' ? 'client' : 'everyone';
      const warnings = lintPolicy(profiles[name].policy, attachedTo).filter(
        ({ severity }) => severity === 'warning',
      );
      expect([name, warnings]).toEqual([name, []]);
      expect(profiles[name].purpose).toMatch(/\.$/);
      expect(profiles[name].source).toMatch(/RFC|NIST|PCI|FAPI|OWASP|ASVS|IPSIE/);
    }
  });

  it('differ in strictness as their names say', () => {
    expect(strictest(standard.policy, sensitive.policy)).toEqual(sensitive.policy);
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
    ['siblings_delay_theft', { siblings: 'serve' }, { siblings: 'off' }],
    [
      'siblings_in_strict_mode',
      { siblings: 'serve', retryWindow: seconds(0) },
      { siblings: 'serve', retryWindow: seconds(1) },
    ],
    [
      'siblings_without_limit',
      { siblings: 'serve', siblingLimit: null },
      { siblings: 'serve', siblingLimit: 1_000 },
    ],
  ] as [string, Partial<SessionPolicy>, Partial<SessionPolicy>][])('says %s', (code, changes, harmless) => {
    expect(codes(changes)).toContain(code);
    expect(codes(harmless)).not.toContain(code);
  });

  it('says where siblings are served by nobody, and where they are more likely thieves', () => {
    const serving = { siblings: 'serve' } as const;
    expect(codes(serving, 'everyone')).toContain('siblings_elsewhere');
    expect(codes(serving, 'resource')).toContain('siblings_elsewhere');
    expect(codes(serving, 'client')).not.toContain('siblings_elsewhere');
    const confidential = (changes: Partial<SessionPolicy>, isConfidential: boolean) =>
      lintPolicy(aPolicy(changes), 'client', isConfidential).filter(
        ({ code }) => code === 'siblings_of_confidential_client',
      );
    expect(confidential(serving, true)).toMatchObject([{ severity: 'warning', setting: 'siblings' }]);
    expect([...confidential(serving, false), ...confidential({}, true)]).toEqual([]);
  });

  it('says where doing without rotation has no effect', () => {
    expect(codes({ rotation: 'never' }, 'everyone')).toContain('no_rotation_elsewhere');
    expect(codes({ rotation: 'never' }, 'resource')).toContain('no_rotation_elsewhere');
    expect(codes({ rotation: 'never' }, 'client')).not.toContain('no_rotation_elsewhere');
  });
});
