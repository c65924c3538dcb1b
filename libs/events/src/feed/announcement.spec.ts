import { instant } from '@curfew/session-policy';
import { noEnds, readAnnouncement, readNodeWord, writeNodeWord } from './announcement.js';

const ids = Array.from(
  { length: 200 },
  (_, index) => `0190b0aa-0000-7000-8000-${String(index).padStart(12, '0')}`,
);
const now = instant(1_000);

describe('an announcement', () => {
  it.each([1, 2, 200])('names %s sessions that ended', (count) => {
    const some = ids.slice(0, count);
    expect(readAnnouncement(some.join(' '), now)).toEqual({ ...noEnds, sessions: some });
  });

  it('names a token by its hash, and a mass end up to now', () => {
    expect(readAnnouncement(`token:${'ab'.repeat(32)}`, now)).toEqual({
      ...noEnds,
      tokens: ['ab'.repeat(32)],
    });
    expect(readAnnouncement('client:web', now)).toEqual({
      ...noEnds,
      all: [{ kind: 'client', target: 'web', at: now }],
    });
  });

  it.each([
    '',
    ' ',
    `${ids[0]} `,
    ` ${ids[0]}`,
    `${ids[0]}  ${ids[1]}`,
    `${ids[0]},${ids[1]}`,
    `${ids[0]} everyone:`,
    'later versions say this',
  ])('that reads %j may mean anything', (payload) => {
    expect(readAnnouncement(payload, now)).toBeNull();
  });
});

describe('a word of a follower that one node passes on to another', () => {
  const word = { kind: 'acknowledged', follower: ids[0]!, done: ['a confirmation'] } as const;

  it.each([
    ['with its client', { ...word, clientId: 'orders-api' }],
    ['with its client, which has left', { ...word, clientId: 'orders-api', left: true as const }],
    ['from a node that names no client', word],
  ])('arrives as it was said: %s', (_, said) => {
    expect(readNodeWord(writeNodeWord(said))).toEqual(said);
  });
});
