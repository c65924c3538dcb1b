import type { SessionPolicy } from './policy.js';
import { revocationTarget } from './policy-settings.js';
import { maxUnboundSiblings } from './siblings.js';

/** Something that is allowed and yet deserves a second look. */
export interface PolicyWarning {
  /** Stable, for filters and for silencing. */
  readonly code: string;
  readonly setting: keyof SessionPolicy;
  /** 'warning': probably not meant. 'note': meant perhaps, but it has a price worth knowing. */
  readonly severity: 'warning' | 'note';
  readonly message: string;
}

/** The target that the policy is attached to; some settings only make sense in some places. */
export type PolicyAttachmentKind = 'everyone' | 'client' | 'resource';

interface Check extends PolicyWarning {
  readonly applies: (
    policy: SessionPolicy,
    attachedTo: PolicyAttachmentKind | undefined,
    isOfConfidentialClient: boolean,
  ) => boolean;
}

const hour = 3_600;
const day = 24 * hour;

const checks: readonly Check[] = [
  {
    code: 'cache_needs_feed',
    setting: 'introspectionCache',
    severity: 'note',
    message: `is longer than the ${revocationTarget} s within which an end is promised everywhere; only followers of the session feed, which empties the cache, keep that promise`,
    applies: (policy) => policy.introspectionCache > revocationTarget,
  },
  {
    code: 'no_rotation_elsewhere',
    setting: 'rotation',
    severity: 'warning',
    message: 'has no effect here: only a client can say "never", because only a client is sender-constrained',
    applies: (policy, attachedTo) =>
      policy.rotation === 'never' && (attachedTo === 'everyone' || attachedTo === 'resource'),
  },
  {
    code: 'no_rotation_unbound',
    setting: 'rotation',
    severity: 'note',
    message:
      '"never" leaves theft of a refresh token unnoticed; use it only with tokens bound to a key (RFC 9700 §4.14.2, FAPI 2.0 §5.3.2.1)',
    applies: (policy) => policy.rotation === 'never',
  },
  {
    code: 'strict_mode',
    setting: 'retryWindow',
    severity: 'note',
    message: 'is 0: a client that loses one answer, or refreshes twice in parallel, is signed out',
    applies: (policy) => policy.rotation === 'always' && policy.retryWindow === 0,
  },
  {
    code: 'window_without_retries',
    setting: 'retryLimit',
    severity: 'warning',
    message: 'is 0, which makes the retry window useless; set the window to 0 if that is meant',
    applies: (policy) => policy.retryWindow > 0 && policy.retryLimit === 0,
  },
  {
    code: 'siblings_elsewhere',
    setting: 'siblings',
    severity: 'warning',
    message: 'has no effect here: only the policy of a client can say "serve"',
    applies: (policy, attachedTo) =>
      policy.siblings === 'serve' && (attachedTo === 'everyone' || attachedTo === 'resource'),
  },
  {
    code: 'siblings_in_strict_mode',
    setting: 'siblings',
    severity: 'warning',
    message: 'has no effect while retryWindow is 0: any second use ends the session then',
    applies: (policy) => policy.siblings === 'serve' && policy.retryWindow === 0,
  },
  {
    code: 'siblings_delay_theft',
    setting: 'siblings',
    severity: 'note',
    message:
      '"serve" gives access tokens, and never a refresh token, to a thief who comes from the same network with the same signals within siblingWindow of a rotation, and hides such a thief who rotates the live token; meant for command-line agents, whose processes share one refresh token',
    applies: (policy) => policy.siblings === 'serve',
  },
  {
    code: 'siblings_of_confidential_client',
    setting: 'siblings',
    severity: 'warning',
    message:
      '"serve" is attached to a client that authenticates itself: where a secret or a key can be kept, one process can refresh for all, and a second use of a refresh token is more likely theft',
    applies: (policy, _, isOfConfidentialClient) => policy.siblings === 'serve' && isOfConfidentialClient,
  },
  {
    code: 'siblings_without_limit',
    setting: 'siblingLimit',
    severity: 'note',
    message: `is unlimited only where tokens are bound to a key; elsewhere ${maxUnboundSiblings} siblings are served between two rotations`,
    applies: (policy) => policy.siblings === 'serve' && policy.siblingLimit === null,
  },
  {
    code: 'reuse_ends_account',
    setting: 'onReuse',
    severity: 'note',
    message:
      'ends all sessions of the account when one client loses an answer too long; most reuse is no theft',
    applies: (policy) => policy.onReuse === 'account',
  },
  {
    code: 'background_keeps_alive',
    setting: 'activity',
    severity: 'warning',
    message:
      'counts refreshes, so a client that refreshes in the background never lets a short inactivity timeout pass (NIST SP 800-63B-4 §5.2)',
    applies: (policy) => policy.activity !== 'use' && policy.inactivityTimeout <= 15 * 60,
  },
  {
    code: 'idle_equals_absolute',
    setting: 'inactivityTimeout',
    severity: 'warning',
    message: 'equals the absolute lifetime, so it never ends a session (ASVS 5.0 7.3.1 wants it to)',
    applies: (policy) => policy.inactivityTimeout === policy.absoluteLifetime,
  },
  {
    code: 'idle_shorter_than_two_tokens',
    setting: 'inactivityTimeout',
    severity: 'warning',
    message:
      'is shorter than two access tokens: where only refreshes count, one late refresh already ends the session',
    applies: (policy) =>
      policy.activity === 'refresh' && policy.inactivityTimeout < 2 * policy.accessTokenLifetime,
  },
  {
    code: 'beyond_aal1',
    setting: 'absoluteLifetime',
    severity: 'note',
    message: 'is longer than the 30 days of NIST SP 800-63B-4 §2.1.3 (AAL1)',
    applies: (policy) => policy.absoluteLifetime > 30 * day,
  },
  {
    code: 'exact_address',
    setting: 'ipGranularity',
    severity: 'warning',
    message:
      'acts on every new address: people on phones, VPNs and dual-stack networks will be asked or signed out often',
    applies: (policy) =>
      policy.ipGranularity === 'exact' && (policy.ipChange === 'step_up' || policy.ipChange === 'end'),
  },
  {
    code: 'network_ends',
    setting: 'ipChange',
    severity: 'note',
    message: 'ends sessions over a signal, not a proof (OWASP); observe first, or step up',
    applies: (policy) => policy.ipChange === 'end',
  },
  {
    code: 'limit_refuses_new',
    setting: 'whenSessionsFull',
    severity: 'note',
    message: 'refuses the newest sign-in: whoever holds the old sessions, also a thief, keeps the person out',
    applies: (policy) => policy.sessionsPerAccount !== null && policy.whenSessionsFull === 'refuse_new',
  },
  {
    code: 'second_factor_required',
    setting: 'requiredAcr',
    severity: 'note',
    message:
      'leads people without a second factor to set one up when they sign in; sessions that were signed in by password alone are refused at once (demanded by NIST SP 800-63B-4 §2.2.1, PCI DSS 4.0.1 §8.4.2 and IPSIE SL1)',
    applies: (policy) => policy.requiredAcr !== 'none',
  },
  {
    code: 'remembered_elsewhere',
    setting: 'rememberedBrowserDays',
    severity: 'warning',
    message: 'has no effect here: only the policy of everyone says whether browsers are remembered',
    applies: (policy, attachedTo) =>
      policy.rememberedBrowserDays > 0 && (attachedTo === 'client' || attachedTo === 'resource'),
  },
  {
    code: 'password_change_keeps',
    setting: 'onPasswordChange',
    severity: 'note',
    message:
      'keeps other sessions after a password change; the person should at least be offered to end them (ASVS 5.0 7.4.3)',
    applies: (policy) => policy.onPasswordChange === 'keep_others',
  },
];

/** Warnings about a valid policy, where it is attached: settings that are probably not meant, or that have a price worth knowing. */
export const lintPolicy = (
  policy: SessionPolicy,
  attachedTo?: PolicyAttachmentKind,
  isOfConfidentialClient = false,
): readonly PolicyWarning[] =>
  checks
    .filter((check) => check.applies(policy, attachedTo, isOfConfidentialClient))
    .map(({ code, setting, severity, message }) => ({ code, setting, severity, message }));
