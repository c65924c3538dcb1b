import { instant } from '@curfew/session-policy';
import { nextAttempt, usualPatience } from './backoff.js';

const now = instant(1_000_000);
const patience = { firstMs: 1_000, longestMs: 60_000, maxAttempts: 10 };
const pauseAfter = (attempts: number, chance: number, asked = 0) =>
  nextAttempt(attempts, now, chance, patience, asked)! - now;

describe('the pauses between attempts', () => {
  it('double, from the first one to the longest', () => {
    expect([1, 2, 3, 9].map((attempts) => pauseAfter(attempts, 1))).toEqual([1_000, 2_000, 4_000, 60_000]);
  });

  it('are spread over their upper half', () => {
    expect([pauseAfter(3, 0), pauseAfter(3, 0.5)]).toEqual([2_000, 3_000]);
  });

  it('end with the last attempt', () => {
    expect(nextAttempt(9, now, 0, patience)).not.toBeNull();
    expect(nextAttempt(10, now, 0, patience)).toBeNull();
  });

  it('are as long as the receiver asks for, but never longer than the longest', () => {
    expect(pauseAfter(1, 0, 30_000)).toBe(30_000);
    expect(pauseAfter(1, 0, 86_400_000)).toBe(60_000);
  });

  it('usually add up to about twelve hours', () => {
    const pauses = Array.from(
      { length: usualPatience.maxAttempts - 1 },
      (_, index) => nextAttempt(index + 1, now, 1, usualPatience)! - now,
    );
    const hours = pauses.reduce((sum, pause) => sum + pause, 0) / 3_600_000;
    expect(hours).toBeGreaterThan(9);
    expect(hours).toBeLessThan(13);
  });
});
