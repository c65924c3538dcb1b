import { AcknowledgedCommits } from './acknowledged.js';
import { lackOf } from './testimony.js';
import { readWalPosition } from './wal-position.js';
import { readWitness, type Witness } from './witness.js';

describe('the last acknowledged commits', () => {
  it('are those that overlap with the last one: an earlier one lies before it', () => {
    const commits = new AcknowledgedCommits();
    commits.add(0, 10, '1', '0/1');
    commits.add(5, 20, '2', '0/2');
    expect(commits.list().map(({ xid }) => xid)).toEqual(['1', '2']);
    commits.add(15, 30, '3', '0/3');
    expect(commits.list().map(({ xid }) => xid)).toEqual(['2', '3']);
    commits.add(31, 40, '4', '0/4', true);
    expect(commits.list()).toEqual([{ xid: '4', position: '0/4', isMark: true }]);
    commits.clear();
    expect(commits.list()).toEqual([]);
  });

  it('stay few, however many there were', () => {
    const commits = new AcknowledgedCommits();
    for (let n = 0; n < 10_000; n += 1) commits.add(n, n + 8, String(n), '0/1');
    expect(commits.list().length).toBeLessThanOrEqual(9);
  });
});

it.each([
  ['0/0', 0n],
  ['0/ff', 255n],
  ['16/B374D848', 0x16b374d848n],
  ['FFFFFFFF/FFFFFFFF', 0xffffffffffffffffn],
])('a WAL position: %s', (text, position) => expect(readWalPosition(text)).toBe(position));

it.each(['', '0', '/1', '1/', '0/G', '0/123456789', '0/1 ', '-1/0'])('no WAL position: %p', (text) =>
  expect(() => readWalPosition(text)).toThrow(TypeError),
);

const witness: Witness = {
  node: 'n',
  instance: 'i',
  system: '7',
  timeline: 2,
  mark: 9,
  at: 1_000,
  commits: [
    { xid: '40', position: '0/400' },
    { xid: '41', position: '0/500', isMark: true },
  ],
};
const server = { system: '7', timeline: 2, recoveredTo: null };
const known = { mark: '9', outcomes: ['committed', 'committed'], next_began: null, position: '0/600' };
const promoted = { ...server, timeline: 3, recoveredTo: 0x580n };
const elsewhere = { ...server, system: '8', timeline: 1 };

describe('a database that is behind', () => {
  it.each([
    ['the same one', server, known],
    ['the same one after a crash, at the last position', server, { ...known, position: '0/500' }],
    [
      'one whose transactions are so old that it forgot them',
      server,
      { ...known, outcomes: ['forgotten', 'forgotten'] },
    ],
    ['one that goes on after the last mark of the process', server, { ...known, mark: '12' }],
    ['a promoted standby that had everything', promoted, known],
    [
      'one promoted twice, where it is known that the first had everything',
      { ...promoted, timeline: 4, recoveredTo: 0x900n },
      { ...known, next_began: '0/580' },
    ],
    [
      'a promoted standby that was started again, so that nobody knows where it began',
      { ...promoted, recoveredTo: null },
      known,
    ],
    ['another cluster with what a dump brought', elsewhere, { ...known, outcomes: ['committed', 'unknown'] }],
  ])('is not: %s', (_, found, answer) => expect(lackOf(witness, found, answer)).toBeUndefined());

  it.each([
    ['a lower mark', server, { ...known, mark: '8' }, /mark 9.*has 8/],
    ['no mark at all', server, { ...known, mark: null }, /has none/],
    ['an earlier timeline', { ...server, timeline: 1 }, known, /timeline 2, and is on 1/],
    ['a position that is not reached', server, { ...known, position: '0/4FF' }, /0\/500 was acknowledged/],
    [
      'a standby promoted before the position',
      { ...promoted, recoveredTo: 0x4ffn },
      known,
      /0\/500 was acknowledged/,
    ],
    [
      'one promoted twice, the first time before the position',
      { ...promoted, timeline: 4, recoveredTo: 0x900n },
      { ...known, next_began: '0/4FF' },
      /0\/500/,
    ],
    [
      'a transaction that was never given',
      server,
      { ...known, outcomes: ['committed', 'unknown'] },
      /transaction 41.*unknown/,
    ],
    [
      'a transaction that was given again and failed',
      server,
      { ...known, outcomes: ['aborted', 'committed'] },
      /transaction 40.*aborted/,
    ],
    [
      'a transaction that was given again and runs',
      server,
      { ...known, outcomes: ['in progress', 'committed'] },
      /in progress/,
    ],
    [
      'another cluster without a commit that was no mark',
      elsewhere,
      { ...known, outcomes: ['unknown', 'unknown'] },
      /transaction 40/,
    ],
    ['an answer about fewer transactions', server, { ...known, outcomes: ['committed'] }, /transaction 41/],
  ])('is: %s', (_, found, answer, why) => expect(lackOf(witness, found, answer)).toMatch(why));
});

describe('what a witness wrote down', () => {
  it('is read again', () => expect(readWitness(JSON.stringify(witness))).toEqual(witness));

  it.each([
    ['nothing', ''],
    ['half of it', JSON.stringify(witness).slice(0, 40)],
    ['no object', '[]'],
    ['null', 'null'],
    ['a commit that is none', JSON.stringify({ ...witness, commits: [null] })],
    ['no commits', JSON.stringify({ ...witness, commits: undefined })],
    ['a mark that is no number', JSON.stringify({ ...witness, mark: '9' })],
    [
      'a transaction that is no number',
      JSON.stringify({ ...witness, commits: [{ xid: "1'", position: '0/1' }] }),
    ],
    ['a position that is none', JSON.stringify({ ...witness, commits: [{ xid: '1', position: 'x' }] })],
  ])('is not believed: %s', (_, text) => expect(readWitness(text)).toBeUndefined());
});
