import { type Instant, secondsUntil } from '@curfew/session-policy';
import { type Html, type HtmlValue, html } from '../html.js';
import type { Language } from './language.js';

/**
 * A length of time as a person says it: the two largest units that matter, rounded down. It stands behind a preposition: "in", "vor".
 * Without script the server does not know the reader's time zone, so pages speak of distances and keep UTC for the title.
 */
export function lengthInWords({ say, count }: Language, seconds: number): Html {
  if (seconds < 60) return say('time.moment');
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  if (days >= 7) return count('time.days', days);
  if (days > 0) return together(count('time.days', days), hours > 0 && count('time.hours', hours));
  if (hours > 0) {
    const rest = hours < 6 && minutes > 0 && count('time.minutes', minutes);
    return together(count('time.hours', hours), rest);
  }
  return count('time.minutes', minutes);
}

const together = (one: Html, rest: Html | false): Html => (rest ? html`${one} ${rest}` : one);

/** "3 hours ago", with the instant in UTC for machines and for who points at it. */
export function ago(language: Language, at: Instant, now: Instant): Html {
  const past = secondsUntil(now, at);
  const { say } = language;
  return time(at, past < 60 ? say('time.now') : say('time.ago', { length: lengthInWords(language, past) }));
}

/** "in 20 minutes", with the instant in UTC. */
export const ahead = (language: Language, at: Instant, now: Instant): Html =>
  time(at, language.say('time.ahead', { length: lengthInWords(language, secondsUntil(at, now)) }));

function time(at: Instant, words: HtmlValue): Html {
  const utc = new Date(at).toISOString();
  return html`<time datetime="${utc}" title="${`${utc.slice(0, 10)} ${utc.slice(11, 16)} UTC`}">${words}</time>`;
}
