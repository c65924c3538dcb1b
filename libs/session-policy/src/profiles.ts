import { cited, documentedTimeouts } from './documented-timeouts.js';
import { policyOf, type SessionPolicy, settingOf } from './policy.js';
import { lasting } from './policy-settings.js';

/** A ready policy and the document that justifies its numbers. */
export interface Profile {
  readonly policy: SessionPolicy;
  /** For whom, in one sentence. */
  readonly purpose: string;
  /** The documents its numbers come from, with sections. */
  readonly source: string;
}

/** Every ready profile, in the order they are documented. */
export const profileNames = [
  'standard',
  'sensitive',
  'pci-dss',
  'nist-aal1',
  'nist-aal2',
  'nist-aal3',
  'ipsie-sl1',
  'hipaa',
  'fapi2',
  'mobile',
  'agent',
  'kiosk',
] as const;

/** The name of a ready profile. */
export type ProfileName = (typeof profileNames)[number];

/** Whether a value names a ready profile. */
export const isProfileName = (name: unknown): name is ProfileName =>
  profileNames.some((known) => known === name);

const standard = policyOf((name) => settingOf(name).standard);

const sensitive: SessionPolicy = {
  ...standard,
  accessTokenLifetime: lasting('5m'),
  retryWindow: lasting('10s'),
  onReuse: 'browser',
  inactivityTimeout: lasting('15m'),
  absoluteLifetime: lasting('8h'),
  activity: 'use',
  ipChange: 'step_up',
  ipGranularity: 'asn',
  deviceMismatch: 'end',
  tlsFingerprintChange: 'step_up',
  sessionsPerAccount: 5,
  introspectionCache: lasting('0s'),
  onPasswordChange: 'end_others',
};

/** The ready profiles. Attach one as it stands, or base a policy of your own on it. */
export const profiles: { readonly [Name in ProfileName]: Profile } = {
  standard: {
    policy: standard,
    purpose: 'Web applications without special demands.',
    source:
      'RFC 9700 §4.14.2 (rotation, short access tokens); ASVS 5.0 7.3.1–2 (both timeouts); WCAG 2.2.1 (warning)',
  },
  sensitive: {
    policy: sensitive,
    purpose:
      'Administration, health and money: short silences, and changes of circumstances have consequences.',
    source: 'ASVS 5.0 7.1.2, 7.4.3, 10.4.8; OWASP Session Management Cheat Sheet (binding to properties)',
  },
  'pci-dss': {
    policy: {
      ...sensitive,
      ipChange: 'observe',
      ipGranularity: 'prefix',
      deviceMismatch: 'step_up',
      requiredAcr: 'urn:curfew:acr:mfa',
    },
    purpose: 'People with access to cardholder data.',
    source: `${cited(documentedTimeouts['pci-dss'])} §8.4.2: multi-factor authentication for all non-console access to the environment of cardholder data.`,
  },
  'nist-aal1': {
    policy: { ...standard, inactivityTimeout: lasting('7d'), absoluteLifetime: lasting('30d') },
    purpose: 'The timeout of AAL1: sign in again at least every 30 days.',
    source: `${cited(documentedTimeouts['nist-aal1'])} An inactivity timeout is optional.`,
  },
  'nist-aal2': {
    policy: {
      ...standard,
      onReuse: 'browser',
      inactivityTimeout: lasting('1h'),
      absoluteLifetime: lasting('24h'),
      activity: 'use',
      onPasswordChange: 'end_others',
      requiredAcr: 'urn:curfew:acr:mfa',
    },
    purpose:
      'The timeouts and the two factors of AAL2: a day at most, an hour of silence. A passkey is the phishing-resistant way in that the level wants offered.',
    source: `${cited(documentedTimeouts['nist-aal2'])} §2.2.1: two distinct factors. §5.2: the activity is that of the person.`,
  },
  'nist-aal3': {
    policy: {
      ...sensitive,
      absoluteLifetime: lasting('12h'),
      ipChange: 'observe',
      ipGranularity: 'prefix',
      requiredAcr: 'phr',
    },
    purpose:
      'The timeouts of AAL3 and a passkey, not the whole level: half a day at most, a quarter of an hour of silence. Without attestation nobody can tell whether a key is in hardware and stays there.',
    source: `${cited(documentedTimeouts['nist-aal3'])} §2.3.1: two distinct factors, one of them a phishing-resistant key. §5.2: the activity is that of the person.`,
  },
  'ipsie-sl1': {
    policy: { ...standard, onPasswordChange: 'end_others', requiredAcr: 'urn:curfew:acr:mfa' },
    purpose:
      'People who sign in to the applications of a company: two factors, and an end of the session that every ID token tells.',
    source:
      'IPSIE Levels, SL1 (working draft of the OpenID Foundation): the identity service enforces multi-factor authentication and tells its class, and the application takes the lifetime of its session from the assertion. The document gives no number; 30 minutes and 12 hours are those of `standard`.',
  },
  hipaa: {
    policy: {
      ...sensitive,
      ipChange: 'observe',
      ipGranularity: 'prefix',
      deviceMismatch: 'step_up',
    },
    purpose:
      'People with access to health information. The rule asks for an end after inactivity and gives no number; the 15 minutes are those that other documents ask for data of like value.',
    source:
      'HIPAA, 45 CFR 164.312(a)(2)(iii) (automatic logoff, addressable, without a number); the 15 minutes: PCI DSS 4.0.1 §8.2.8, NIST SP 800-63B-4 §2.3.3',
  },
  fapi2: {
    policy: {
      ...standard,
      accessTokenLifetime: lasting('5m'),
      rotation: 'never',
      retryWindow: lasting('60s'),
      introspectionCache: lasting('0s'),
      onPasswordChange: 'end_others',
    },
    purpose: 'Confidential clients whose tokens are bound to a key (DPoP or mTLS), as in open banking.',
    source:
      'FAPI 2.0 Security Profile §5.3.2.1: no rotation except in extraordinary circumstances, and then a retry must be possible; sender-constrained tokens',
  },
  mobile: {
    policy: {
      ...standard,
      retryWindow: lasting('60s'),
      inactivityTimeout: lasting('7d'),
      absoluteLifetime: lasting('30d'),
    },
    purpose: 'Apps on a personal phone that lose answers on bad networks.',
    source: 'RFC 8252 (native apps); RFC 9700 §4.14.2; overall timeout of NIST SP 800-63B-4 §2.1.3 (30 days)',
  },
  agent: {
    policy: {
      ...standard,
      retryWindow: lasting('60s'),
      inactivityTimeout: lasting('7d'),
      absoluteLifetime: lasting('30d'),
      siblings: 'serve',
    },
    purpose:
      'Command-line agents and other programs of which many processes share one refresh token in a file. Attach it to the client.',
    source:
      'RFC 6749 §6 (the answer to a refresh may leave the refresh token out); RFC 9700 §4.14.2 (rotation goes on); overall timeout of NIST SP 800-63B-4 §2.1.3 (30 days)',
  },
  kiosk: {
    policy: {
      ...sensitive,
      inactivityTimeout: lasting('6m'),
      absoluteLifetime: lasting('1h'),
      ipChange: 'end',
      ipGranularity: 'prefix',
      sessionsPerAccount: 1,
      idleWarning: lasting('30s'),
    },
    purpose: 'Shared terminals: the next person must not find the last one signed in.',
    source:
      'OWASP Session Management Cheat Sheet (2–5 minutes of idleness for high value, here just above the shortest access token); ASVS 5.0 7.1.2',
  },
};
