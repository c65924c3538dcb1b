import { type Instant, secondsUntil } from '@curfew/session-policy';
import { type Html, html } from './html.js';

/**
 * A length of time as a person says it: the two largest units that matter, rounded down.
 * Without script the server does not know the reader's time zone, so pages speak of distances and keep UTC for the title.
 */
export function lengthInWords(seconds: number): string {
  if (seconds < 60) return 'less than a minute';
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  const parts =
    days >= 7
      ? [count(days, 'day')]
      : days > 0
        ? [count(days, 'day'), hours > 0 && count(hours, 'hour')]
        : hours > 0
          ? [count(hours, 'hour'), hours < 6 && minutes > 0 && count(minutes, 'minute')]
          : [count(minutes, 'minute')];
  return parts.filter(Boolean).join(' ');
}

const count = (n: number, unit: string): string => `${n} ${unit}${n === 1 ? '' : 's'}`;

/** "3 hours ago", with the instant in UTC for machines and for who points at it. */
export function ago(at: Instant, now: Instant): Html {
  const past = secondsUntil(now, at);
  return time(at, past < 60 ? 'just now' : `${lengthInWords(past)} ago`);
}

/** "in 20 minutes", with the instant in UTC. */
export const ahead = (at: Instant, now: Instant): Html =>
  time(at, `in ${lengthInWords(secondsUntil(at, now))}`);

function time(at: Instant, words: string): Html {
  const utc = new Date(at).toISOString();
  return html`<time datetime="${utc}" title="${`${utc.slice(0, 10)} ${utc.slice(11, 16)} UTC`}">${words}</time>`;
}
