import { instant } from '@curfew/session-policy';
import { freshUntil } from './fetched-document.js';

const now = instant(1_800_000_000_000);
const bounds = { least: 30, most: 86_400 };
const inTwoHours = new Date(now + 7_200_000).toUTCString();

describe('the time for which a fetched document is kept', () => {
  it.each([
    ['max-age alone', 'max-age=600', undefined, 600],
    ['Expires alone', undefined, inTwoHours, 7_200],
    ['Expires where max-age says less', 'public, max-age=600', inTwoHours, 600],
    ['Expires where max-age says nothing is kept', 'max-age=0', inTwoHours, 30],
    ['Expires beside no-cache', 'no-cache', inTwoHours, 30],
    ['Expires beside no-store', 'private, no-store', inTwoHours, 30],
    ['max-age beside no-store', 'max-age=600, No-Store', undefined, 30],
    ['max-age beside no-cache', 'no-cache="set-cookie",max-age=600', undefined, 30],
    ['max-age in other letters', 'Max-Age=600', undefined, 600],
    ['max-age in quotation marks', 'max-age="600"', undefined, 600],
    ['max-age that is no number', 'max-age=soon', inTwoHours, 30],
    ['a directive that only ends so', 'x-max-age=600', undefined, 30],
    ['a directive that only begins so', 'no-cachet, no-stores, max-age=600', undefined, 600],
    ['Expires in the past', undefined, new Date(now - 1_000).toUTCString(), 30],
    ['Expires that is no date', undefined, '0', 30],
    ['more than is kept at most', 'max-age=31536000', undefined, 86_400],
    ['neither', undefined, undefined, 30],
  ])('follows from %s', (_, control, expires, kept) => {
    const headers = new Headers();
    if (control !== undefined) headers.set('cache-control', control);
    if (expires !== undefined) headers.set('expires', expires);
    expect((freshUntil(headers, now, bounds) - now) / 1_000).toBe(kept);
  });
});
