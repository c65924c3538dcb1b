import { isGrave, reasonWords } from '../../elements/words.js';
import { countOf, type FeedEvent } from './feed-state.js';

/** An event as one line of text; the reason is a part of it. */
export function eventWords(event: FeedEvent): string {
  const { type, data } = event;
  const count = countOf(event);
  const title = reasonWords(type.replace('.', ' '));
  const reason = ['reason', 'cause', 'pattern', 'operation']
    .map((name) => data[name])
    .find((one) => typeof one === 'string');
  return `${title}${count > 1 ? ` × ${count}` : ''}${reason ? `: ${reasonWords(String(reason))}` : ''}`;
}

/** How an event is marked: signs of an attack stand out, and so do beginnings. */
export function eventLook({ type, data }: FeedEvent): '' | 'bad' | 'good' {
  if (/reuse|alert|refused|failed|restored/.test(type) || isGrave(String(data['reason'] ?? ''))) return 'bad';
  return /started|succeeded/.test(type) ? 'good' : '';
}

/** The next step after an alert of a pattern. */
const steps: readonly (readonly [RegExp, string])[] = [
  [
    /reuse|theft/,
    'Look at the sessions that ended for reuse. If they share an application, ask whether it keeps old tokens.',
  ],
  [
    /sign_?in|password|guess|stuffing|spray/,
    'Look at the failed sign-ins by network. Hold the network back, or ask for new passwords.',
  ],
  [
    /stale|follower/,
    'A gateway or API does not follow the feed. It denies everything until it does: look at its log and its network.',
  ],
  [/client|secret/, 'Look at the application. Roll its secret over if somebody else may have it.'],
];

/** Says what to do about an alert. */
export const alertStep = (pattern: string): string =>
  steps.find(([about]) => about.test(pattern))?.[1] ??
  'Look at the events of the last minutes. End the sessions concerned if you cannot explain them.';
