import { instant } from '@curfew/session-policy';
import { languages } from './language.js';
import { ago, ahead, lengthInWords } from './time-words.js';

const { en, de } = languages;

it.each([
  [0, 'less than a minute'],
  [59, 'less than a minute'],
  [60, '1 minute'],
  [3_599, '59 minutes'],
  [3_600, '1 hour'],
  [5_400, '1 hour 30 minutes'],
  [7 * 3_600 + 900, '7 hours'],
  [86_400, '1 day'],
  [86_400 + 7_200, '1 day 2 hours'],
  [30 * 86_400 + 7_200, '30 days'],
])('says %d seconds as “%s”', (seconds, words) => {
  expect(String(lengthInWords(en, seconds))).toBe(words);
});

it('keeps the instant itself in UTC for machines', () => {
  const now = instant(Date.UTC(2026, 0, 2, 12));
  expect(String(ago(en, instant(now - 7_200_000), now))).toBe(
    '<time datetime="2026-01-02T10:00:00.000Z" title="2026-01-02 10:00 UTC">2 hours ago</time>',
  );
  expect(String(ahead(en, instant(now + 60_000), now))).toContain('>in 1 minute</time>');
});

it('says a moment that is not yet past by a slower clock as just now', () => {
  expect(String(ago(en, instant(5_000), instant(0)))).toContain('>just now</time>');
});

it.each([
  [90, 'vor 1 Minute'],
  [3 * 3_600 + 120, 'vor 3 Stunden 2 Minuten'],
  [2 * 86_400, 'vor 2 Tagen'],
  [30, 'gerade eben'],
])('says in German that something was %d seconds ago: “%s”', (seconds, words) => {
  expect(String(ago(de, instant(0), instant(seconds * 1000)))).toContain(`>${words}</time>`);
});
