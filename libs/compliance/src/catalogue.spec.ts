import { existsSync, readFileSync } from 'node:fs';
import { endReasonEntry, endReasons, type SessionPolicy } from '@curfew/session-policy';
import { profiles } from '@curfew/session-policy/settings';
import { catalogue } from './catalogue.js';
import { type ConfigurationFacts, standardIds } from './control.js';
import { judgeAll } from './evaluate.js';
import { operatorsEnd } from './proofs.js';
import { standards } from './standards.js';

const facts: ConfigurationFacts = {
  CURFEW_PASSWORD_MIN_LENGTH: 12,
  CURFEW_THROTTLE_SIGN_IN: { count: 10, window: 1_800 },
  CURFEW_EVENT_RETENTION: 400 * 86_400,
  CURFEW_ENDED_SESSION_RETENTION: 30 * 86_400,
};

/** The sections of one document that a policy does not meet, beside the gaps of the product. */
const missed = (standard: string, policy: SessionPolicy, given: Partial<ConfigurationFacts> = {}) =>
  judgeAll({ policies: [policy], registration: null }, { ...facts, ...given }).flatMap(
    ({ control, checks }) =>
      control.standard === standard &&
      checks.some(({ state, check }) => state === 'not_met' && check.kind !== 'gap')
        ? [control.section]
        : [],
  );

describe('the catalogue of controls', () => {
  it('has controls of every document, each section once', () => {
    expect(standards.map(({ id }) => id)).toEqual(standardIds);
    expect([...new Set(catalogue.map(({ standard }) => standard))]).toEqual(standardIds);
    const sections = catalogue.map(({ standard, section }) => `${standard} ${section}`);
    expect(new Set(sections).size).toBe(sections.length);
  });

  it('asks in words of a person, also where a setting is a choice', () => {
    const asked = catalogue.flatMap(({ checks }) =>
      checks.flatMap((check) => (check.kind === 'setting' ? [check.asks] : [])),
    );
    expect(asked).toContain('two factors or a passkey');
    expect(asked.filter((asks) => /[_:]|[a-z][A-Z]/.test(asks))).toEqual([]);
  });

  it('says of each document where it is, and when and with what it was compared', () => {
    for (const { source } of standards) {
      expect(source.url).toMatch(/^https:\/\//);
      expect(source.compared_on ?? '').toMatch(/^(\d{4}-\d\d-\d\d)?$/);
      expect(source.compared_with).toMatch(/\.$/);
    }
    expect(standards.flatMap(({ id, source }) => (source.compared_on ? [] : [id]))).toEqual(['iso-27002']);
  });

  it('names tests that exist, by the titles they have', () => {
    const named = catalogue.flatMap(({ proofs }) => proofs.flatMap(({ test }) => (test ? [test] : [])));
    const gone = named.filter(
      ([file, title]) => !existsSync(file) || !readFileSync(file, 'utf8').includes(title),
    );
    expect(gone).toEqual([]);
  });

  it('counts an end by an administrator for each reason that has one as its initiator, and for no other', () => {
    const counted = operatorsEnd.flatMap(({ event }) => event?.reason ?? []);
    expect(counted).toEqual(expect.arrayContaining(['ended_by_administrator', 'account_disabled']));
    expect(counted).toEqual(endReasons.filter((reason) => endReasonEntry(reason).initiator === 'admin'));
  });

  it.each([
    ['pci-dss', profiles['pci-dss'].policy],
    ['hipaa', profiles.hipaa.policy],
    ['asvs', profiles.sensitive.policy],
    ['iso-27002', profiles.standard.policy],
    ['gdpr', profiles.standard.policy],
  ])('is met, as far as policies go, by the profile that stands for %s', (standard, policy) => {
    expect(missed(standard, policy)).toEqual([]);
  });

  it('is met by the profile of each assurance level where that level asks', () => {
    const levels = { 'nist-aal1': '(AAL1)', 'nist-aal2': '(AAL2)', 'nist-aal3': '(AAL3)' } as const;
    for (const [name, level] of Object.entries(levels)) {
      const { policy } = profiles[name as keyof typeof levels];
      expect([name, missed('nist-800-63b', policy).filter((section) => section.includes(level))]).toEqual([
        name,
        [],
      ]);
    }
  });

  it.each([
    ['pci-dss', '8.2.8', { inactivityTimeout: 901 }],
    ['pci-dss', '8.2.8', { activity: 'refresh_or_use' }],
    ['pci-dss', '8.4.2', { requiredAcr: 'none' }],
    ['hipaa', '164.312(a)(2)(iii)', { inactivityTimeout: 901 }],
    ['iso-27002', '8.5 (inactive sessions)', { inactivityTimeout: 28_800 }],
  ])('is not met by a policy that misses it: %s %s', (standard, section, change) => {
    const policy = { ...profiles['pci-dss'].policy, ...change } as SessionPolicy;
    expect(missed(standard, policy)).toEqual([section]);
  });

  it.each([
    ['pci-dss', '8.3.4', { CURFEW_THROTTLE_SIGN_IN: { count: 11, window: 1_800 } }],
    ['pci-dss', '8.3.4', { CURFEW_THROTTLE_SIGN_IN: { count: 10, window: 1_799 } }],
    ['pci-dss', '8.3.6', { CURFEW_PASSWORD_MIN_LENGTH: 11 }],
    ['pci-dss', '10.5.1', { CURFEW_EVENT_RETENTION: 364 * 86_400 }],
    ['gdpr', 'Art. 5(1)(e)', { CURFEW_ENDED_SESSION_RETENTION: 401 * 86_400 }],
  ])('is not met by a configuration that misses it: %s %s', (standard, section, given) => {
    expect(missed(standard, profiles['pci-dss'].policy, given)).toEqual([section]);
  });

  it('judges every arm of a canary, and asks about a registration only where there is one', () => {
    const { policy } = profiles['pci-dss'];
    const longer = { ...policy, inactivityTimeout: 1_800 } as SessionPolicy;
    const state = (section: string, registration: Parameters<typeof judgeAll>[0]['registration']) =>
      judgeAll({ policies: [policy, longer], registration }, facts).find(
        ({ control }) => control.section === section,
      )?.state;
    expect(state('8.2.8', null)).toBe('not_met');
    expect(state('5.3.2.1 no. 4 and 5', null)).toBe('not_applicable');
    const bound = {
      isSenderConstrained: true,
      requiresPushedRequests: false,
      requiresPkce: true,
      authenticatesByKey: true,
    };
    expect(state('5.3.2.1 no. 4 and 5', bound)).toBe('met');
    expect(state('5.3.2.2 no. 3 and 5', bound)).toBe('not_met');
  });
});
