import type { Origin } from './network.js';
import type { Step, StepName, StepValue } from './steps.js';

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A duration with nothing rounded, such as 9m30s: a scenario is about the second. */
const exactly = (seconds: number): string => {
  let left = seconds;
  const parts = units.map(([unit, size]) => {
    const count = Math.floor(left / size);
    left -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('') || '0s';
};

/** Each step as a sentence. */
const sentences: { readonly [S in StepName]: (value: StepValue<S>) => string } = {
  'sign-in': ({ holder, offline, ...origin }) =>
    `a person signs in at ${holder}${from(origin)}${offline ? ', with offline access' : ''}`,
  'sign-in-silently': ({ holder }) => `${holder} asks for a session without a page`,
  'step-up': ({ holder }) => `the person proves again who they are, at ${holder}`,
  refresh: ({ holder, times, 'clock-ahead': ahead, ...origin }) =>
    [
      `${holder} refreshes${times > 1 ? ` ${times} times at once` : ''}${from(origin)}`,
      ...(ahead === undefined ? [] : [`its clock ${exactly(ahead)} ahead`]),
    ].join(', '),
  'lose-answer': ({ holder, ...origin }) => `${holder} refreshes${from(origin)}, and the answer is lost`,
  steal: ({ from: victim, as, ...origin }) => `${as} copies the tokens of ${victim}${from(origin)}`,
  wait: (seconds) => `${exactly(seconds)} pass`,
  use: ({ holder, at }) => `${holder} uses its access token at the ${at === 'api' ? 'API' : 'gateway'}`,
  session: ({ of }) => `the session of ${of}`,
  end: ({ session, only }) =>
    `an administrator ends the session of ${session}${only ? ', and only that' : ''}`,
  'change-password': (holder) => `the person changes the password at ${holder}`,
  'change-policy': (settings) =>
    `the policy changes: ${Object.entries(settings)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  database: (state) => `the database is ${state}`,
};

/** A step in words, for reports. */
export const wordsOf = ({ name, value }: Step): string =>
  (sentences[name] as (value: unknown) => string)(value);

const from = ({ network, device }: { readonly [Name in keyof Origin]?: Origin[Name] | undefined }): string =>
  [
    ...(network === undefined ? [] : [network === 'home' ? ' from home' : ' from another network']),
    ...(device === undefined ? [] : [` with ${device === 'phone' ? 'a phone' : device}`]),
  ].join('');
