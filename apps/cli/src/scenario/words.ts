import { length } from '../output.js';
import type { Origin } from './network.js';
import type { Step, StepName, StepValue } from './steps.js';

/** Each step as a sentence. */
const sentences: { readonly [S in StepName]: (value: StepValue<S>) => string } = {
  'sign-in': ({ holder, offline, ...origin }) =>
    `a person signs in at ${holder}${from(origin)}${offline ? ', with offline access' : ''}`,
  'sign-in-silently': ({ holder }) => `${holder} asks for a session without a page`,
  'step-up': ({ holder }) => `the person proves again who they are, at ${holder}`,
  refresh: ({ holder, times, 'clock-ahead': ahead, ...origin }) =>
    [
      `${holder} refreshes${times > 1 ? ` ${times} times at once` : ''}${from(origin)}`,
      ...(ahead === undefined ? [] : [`its clock ${length(ahead)} ahead`]),
    ].join(', '),
  'lose-answer': ({ holder, ...origin }) => `${holder} refreshes${from(origin)}, and the answer is lost`,
  steal: ({ from: victim, as, ...origin }) => `${as} copies the tokens of ${victim}${from(origin)}`,
  wait: (seconds) => `${length(seconds)} pass`,
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
