import type { Logger } from 'pino';
import { TroubleLog } from './trouble-log.js';

describe('a log of troubles', () => {
  it('says a thing once while it is quiet about it, remembers a thousand, and says one more at once', () => {
    const said: string[] = [];
    const troubles = new TroubleLog({
      warn: (_: unknown, subject: string) => said.push(subject),
    } as unknown as Logger);
    const note = (subject: string) => {
      said.length = 0;
      troubles.note(subject, {});
      return said.length;
    };
    const counts = Array.from({ length: 1_000 }, (_, n) => note(`trouble ${n}`));
    expect(new Set(counts)).toEqual(new Set([1]));
    expect([note('trouble 0'), note('trouble 999')]).toEqual([0, 0]);
    expect(note('one more')).toBe(1);
    expect([note('trouble 1'), note('trouble 0')]).toEqual([0, 1]);
  });
});
