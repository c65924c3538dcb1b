import { parseDuration, type SessionPolicy } from '@curfew/session-policy';
import { type DocumentedTimeouts, formatDuration, valueWords } from '@curfew/session-policy/settings';
import type { Check, ConfigurationFacts, RegistrationFacts } from './control.js';

/** The names of settings with values of one type. */
type SettingOf<Value> = {
  [Name in keyof SessionPolicy]: SessionPolicy[Name] extends Value ? Name : never;
}[keyof SessionPolicy];

const secondsOf = (text: string): number => parseDuration(text) ?? Number.NaN;

/** A length of time of a policy is at most so long. */
export const atMost = (setting: SettingOf<number>, bound: string): Check => ({
  kind: 'setting',
  setting,
  asks: `at most ${bound}`,
  isMetBy: (policy) => policy[setting] <= secondsOf(bound),
});

/** A setting of a policy has one of these values. */
export const oneOf = <Name extends keyof SessionPolicy>(
  setting: Name,
  ...values: readonly (SessionPolicy[Name] & string)[]
): Check => ({
  kind: 'setting',
  setting,
  asks: values.map((value) => valueWords(setting, value)).join(' or '),
  isMetBy: (policy) => values.some((value) => value === policy[setting]),
});

/** The policy keeps the timeouts of a document. */
export const keeps = ({ limits }: DocumentedTimeouts): readonly Check[] => {
  const { absoluteLifetime, inactivityTimeout, activity } = limits;
  return [
    ...(absoluteLifetime ? [atMost('absoluteLifetime', formatDuration(absoluteLifetime))] : []),
    ...(inactivityTimeout ? [atMost('inactivityTimeout', formatDuration(inactivityTimeout))] : []),
    ...(activity ? [oneOf('activity', activity)] : []),
  ];
};

/** The inactivity timeout can end a session before its absolute lifetime does. */
export const idleComesFirst: Check = {
  kind: 'setting',
  setting: 'inactivityTimeout',
  asks: 'shorter than the absolute lifetime',
  isMetBy: ({ inactivityTimeout, absoluteLifetime }) => inactivityTimeout < absoluteLifetime,
};

/** The number of sessions that an account may have at once is limited. */
export const limitedSessions: Check = {
  kind: 'setting',
  setting: 'sessionsPerAccount',
  asks: 'a number',
  isMetBy: ({ sessionsPerAccount }) => sessionsPerAccount !== null,
};

/** A value of the configuration is at least so much; a length of time is written with its unit. */
export const atLeast = (
  setting: Exclude<keyof ConfigurationFacts, 'CURFEW_THROTTLE_SIGN_IN'>,
  bound: string | number,
): Check => ({
  kind: 'configuration',
  setting,
  asks: `at least ${bound}`,
  isMetBy: (facts) => facts[setting] >= (typeof bound === 'number' ? bound : secondsOf(bound)),
});

/** A value of the configuration is at most so long. */
export const keptAtMost = (
  setting: 'CURFEW_EVENT_RETENTION' | 'CURFEW_ENDED_SESSION_RETENTION',
  bound: string,
): Check => ({
  kind: 'configuration',
  setting,
  asks: `at most ${bound}`,
  isMetBy: (facts) => facts[setting] <= secondsOf(bound),
});

/** Failed sign-ins are stopped after so many, for at least so long. */
export const stopsGuessing = (count: number, window: string): Check => ({
  kind: 'configuration',
  setting: 'CURFEW_THROTTLE_SIGN_IN',
  asks: `at most ${count} in at least ${window}`,
  isMetBy: ({ CURFEW_THROTTLE_SIGN_IN: rate }) => rate.count <= count && rate.window >= secondsOf(window),
});

/** The registration of a client has a property. */
export const registered = (fact: keyof RegistrationFacts, asks: string): Check => ({
  kind: 'registration',
  asks,
  isMetBy: (facts) => facts[fact],
});

/** The product always does this. */
export const always = (asks: string): Check => ({ kind: 'always', asks });

/** The product does not do this, or its operator must. */
export const gap = (asks: string): Check => ({ kind: 'gap', asks });
