import { contextWords, type RequiredAuthenticationContext, requirableContexts } from './authentication.js';
import { parseDuration } from './durations.js';
import {
  type Canary,
  choice,
  count,
  duration,
  ipGranularities,
  larger,
  limit,
  optional,
  reaches,
  riskActions,
  smaller,
  smallerLimit,
  stricterIn,
} from './setting.js';
import { type Seconds, seconds } from './time.js';

const minute = 60;
const day = 86_400;

const domain = (file: string, name: string) => [`libs/session-policy/src/${file}.ts`, name] as const;

/** Durations of the profiles, written with their unit; that they parse is part of the unit tests. */
export const lasting = (text: `${number}${'d' | 'h' | 'm' | 's'}`): Seconds => parseDuration(text) as Seconds;

/** Seconds after its start at which a session is over under every policy. */
export const longestSession: Seconds = seconds(400 * day);

/**
 * Every setting of a policy, once: the type `SessionPolicy`, the bounds, the profile `standard`, the strictest of several policies, the admin
 * API, lint, preview and documentation follow from this table. A setting that nothing reads must go: a test looks each reader up, and another
 * one changes each setting and sees behaviour change.
 */
export const policySettings = {
  accessTokenLifetime: duration(5 * minute, 15 * minute, {
    standard: lasting('10m'),
    stricter: smaller,
    reader: domain('standing', 'accessTokenLifetime'),
  }),
  /** Shortens each access token by up to this many per cent, at random, so that refreshes do not come in waves. */
  accessTokenJitterPercent: count(0, 25, {
    standard: 5,
    // More jitter only ever shortens.
    stricter: larger,
    reader: domain('standing', 'accessTokenLifetime'),
  }),
  rotation: choice(['always', 'never'], {
    standard: 'always',
    // "never" is for sender-constrained clients; it comes from the client's own policy or not at all (effectivePolicy).
    stricter: stricterIn(['never', 'always']),
    reader: domain('refresh', 'lastRefreshRow'),
  }),
  /** 0 is strict mode: any second use ends the session. */
  retryWindow: duration(0, minute, {
    standard: lasting('30s'),
    stricter: smaller,
    reader: domain('refresh', 'refreshRows'),
  }),
  retryLimit: count(0, 20, { standard: 5, stricter: smaller, reader: domain('refresh', 'refreshRows') }),
  /** How far the end reaches when a superseded refresh token is used. */
  onReuse: choice(reaches, {
    standard: 'session',
    stricter: stricterIn(reaches),
    reader: domain('refresh', 'refreshRows'),
  }),
  inactivityTimeout: duration(minute, 30 * day, {
    standard: lasting('30m'),
    stricter: smaller,
    reader: domain('standing', 'inactivityTimeoutOf'),
  }),
  absoluteLifetime: duration(5 * minute, longestSession, {
    standard: lasting('12h'),
    stricter: smaller,
    reader: domain('standing', 'absoluteDeadlineUnder'),
  }),
  /** The requests that keep a session alive. NIST SP 800-63B-4 §5.2: a background refresh is no proof of a person. */
  activity: choice(
    ['refresh', 'use', 'refresh_or_use'],
    {
      standard: 'refresh_or_use',
      // Use says more of a person than a refresh; either says least.
      stricter: stricterIn(['refresh_or_use', 'refresh', 'use']),
      reader: domain('lifecycle', 'touched'),
    },
    { refresh: 'refreshes', use: 'use', refresh_or_use: 'refreshes and use' },
  ),
  ipChange: choice(riskActions, {
    standard: 'observe',
    stricter: stricterIn(riskActions),
    reader: domain('risk', 'assessRisk'),
  }),
  ipGranularity: choice(ipGranularities, {
    standard: 'prefix',
    stricter: stricterIn(ipGranularities.toReversed()),
    reader: domain('risk', 'assessRisk'),
  }),
  deviceMismatch: choice(riskActions, {
    standard: 'step_up',
    stricter: stricterIn(riskActions),
    reader: domain('risk', 'assessRisk'),
  }),
  tlsFingerprintChange: choice(riskActions, {
    standard: 'observe',
    stricter: stricterIn(riskActions),
    reader: domain('risk', 'assessRisk'),
  }),
  /** null: unlimited. */
  sessionsPerAccount: limit(1, 10_000, {
    standard: null,
    stricter: smallerLimit,
    reader: ['libs/sessions/src/session-service.ts', 'SessionService'],
  }),
  whenSessionsFull: choice(['end_oldest', 'refuse_new'], {
    standard: 'end_oldest',
    stricter: stricterIn(['end_oldest', 'refuse_new']),
    reader: ['libs/sessions/src/session-service.ts', 'SessionService'],
  }),
  introspectionCache: duration(0, 30, {
    standard: lasting('10s'),
    stricter: smaller,
    reader: ['libs/token-endpoint/src/introspection.ts', 'cacheMaxAge'],
  }),
  onPasswordChange: choice(['end_others', 'keep_others'], {
    standard: 'keep_others',
    stricter: stricterIn(['keep_others', 'end_others']),
    reader: ['libs/operations/src/change-password.ts', 'passwordEndsSessions'],
  }),
  // WCAG 2.2.1: a person gets at least 20 seconds to ask for more time.
  idleWarning: duration(20, day, {
    standard: lasting('2m'),
    // A person is warned no later than another policy promises.
    stricter: larger,
    reader: domain('standing', 'idleWarningAt'),
  }),
  /** The least authentication context of a session: at authorization, refresh, introspection and userinfo (RFC 9470). */
  requiredAcr: optional<RequiredAuthenticationContext>({
    shape: { kind: 'choice', choices: requirableContexts, words: contextWords },
    standard: 'none',
    stricter: stricterIn(requirableContexts),
    reader: domain('authentication', 'meetsPolicy'),
  }),
  /**
   * The days that a person without a second factor has to set one up, from the first time they are asked; then no code is issued before one
   * stands. null: nobody is asked.
   */
  enrolmentDays: optional(
    limit(0, 365, {
      standard: null,
      stricter: smallerLimit,
      reader: domain('enrolment', 'decideEnrolment'),
    }),
  ),
  /**
   * How many days a browser may be remembered, in which a person is then not asked for a second step at the sign-in; 0 for not at all. It
   * is the policy of everyone that counts, as for all that is of the browser. Being remembered proves nothing.
   */
  rememberedBrowserDays: optional(
    count(0, 30, {
      standard: 0,
      stricter: smaller,
      reader: ['libs/accounts/src/factors/remembered-browsers.ts', 'rememberedUntil'],
    }),
  ),
  /** null: every account is under the inactivity timeout. */
  canary: optional<Canary | null>({
    shape: { kind: 'canary', min: minute, max: 30 * day, maxShare: 50 },
    standard: null,
    // Each policy is brought to the arm of the account before it is compared with another (underArm).
    stricter: () => null,
    reader: domain('effective-policy', 'effectivePolicy'),
  }),
  /** Whether a late process that shares the refresh token of its client gets an access token, or ends the session. */
  siblings: optional(
    choice(['off', 'serve'], {
      standard: 'off',
      // Serving comes from the client's own policy or not at all, as do the bounds of it (effectivePolicy).
      stricter: stricterIn(['serve', 'off']),
      reader: domain('siblings', 'isSibling'),
    }),
  ),
  /** How many generations behind the live token a sibling may be. */
  siblingDistance: optional(
    count(1, 12, { standard: 12, stricter: smaller, reader: domain('siblings', 'isSibling') }),
  ),
  /** How long after the last rotation. */
  siblingWindow: optional(
    duration(minute, 30 * minute, {
      standard: lasting('15m'),
      stricter: smaller,
      reader: domain('siblings', 'isSibling'),
    }),
  ),
  /** How often between two rotations. null: unlimited where the session is bound to a key, and `maxUnboundSiblings` elsewhere. */
  siblingLimit: optional(
    limit(1, 1_000, { standard: 50, stricter: smallerLimit, reader: domain('siblings', 'siblingLimitOf') }),
  ),
};

/** The time within which an acknowledged end is honoured everywhere: the published bound, in seconds. */
export const revocationTarget = seconds(2);
