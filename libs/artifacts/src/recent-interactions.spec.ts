import { instant } from '@curfew/session-policy';
import { RecentInteractions } from './recent-interactions.js';
import { StagedWrites } from './staged-writes.js';

const key = (id: string) => ({ kind: 'Interaction', id });
/** The writes of a request that makes one interaction whose JSON has so many characters. */
const making = (id: string, characters: number): StagedWrites => {
  const staged = new StagedWrites();
  const frame = JSON.stringify({ returnTo: '' }).length;
  staged.save(key(id), { returnTo: 'x'.repeat(characters - frame) }, instant(0));
  return staged;
};

describe('interactions of a moment ago', () => {
  it('are kept to four million characters, and beyond that the oldest is dropped', () => {
    const recent = new RecentInteractions();
    const isKept = (id: string) => recent.get(id, new StagedWrites()) !== undefined;
    recent.keep(making('first', 1_000_000));
    recent.keep(making('second', 3_000_000));
    expect(['first', 'second'].map(isKept)).toEqual([true, true]);
    recent.keep(making('third', 20));
    expect(['first', 'second', 'third'].map(isKept)).toEqual([false, true, true]);
    // One that is made again is counted once.
    recent.keep(making('second', 3_000_000));
    recent.keep(making('fourth', 999_980));
    expect(['second', 'third', 'fourth'].map(isKept)).toEqual([true, true, true]);
    recent.keep(making('too long', 4_000_001));
    expect(['second', 'third', 'fourth', 'too long'].map(isKept)).toEqual([false, false, false, false]);
  });
});
