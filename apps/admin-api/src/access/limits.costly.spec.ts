import { instant } from '@curfew/session-policy';
import type { Caller } from './caller.js';
import { CallerLimits } from './limits.js';

const caller = (clientId: string): Caller => ({
  kind: 'client',
  clientId,
  accountId: null,
  sessionId: null,
  scopes: new Set(),
  actor: { kind: 'administrator', id: clientId, ip: null },
});

/** How many of `tries` requests at one moment are let through. */
function letThrough(limits: CallerLimits, who: Caller, at: number, tries: number): number {
  let count = 0;
  for (let number = 0; number < tries; number++) {
    try {
      limits.take(who, instant(at));
      count += 1;
    } catch (error) {
      expect(error).toMatchObject({ status: 429, code: 'too_many_requests', retryAfter: 1 });
    }
  }
  return count;
}

describe('the limit of one caller', () => {
  it('lets a burst through, and after it as many per second as it says', () => {
    const limits = new CallerLimits();
    expect(letThrough(limits, caller('a'), 0, 1_500)).toBe(1_000);
    expect(letThrough(limits, caller('a'), 1_000, 1_500)).toBe(500);
    expect(letThrough(limits, caller('a'), 60_000, 1_500)).toBe(1_000);
  });

  it('is each callers own', () => {
    const limits = new CallerLimits();
    letThrough(limits, caller('a'), 0, 1_500);
    expect(letThrough(limits, caller('b'), 0, 10)).toBe(10);
  });

  it('is remembered of ten thousand callers, and of one more the one that asked least recently begins anew', () => {
    const limits = new CallerLimits();
    const mayAsk = (id: string) => letThrough(limits, caller(id), 0, 1) === 1;
    for (const id of ['one', 'two']) letThrough(limits, caller(id), 0, 1_000);
    for (let n = 0; n < 9_998; n += 1) mayAsk(`other ${n}`);
    expect(['one', 'two'].map(mayAsk)).toEqual([false, false]);
    for (let n = 0; n < 9_998; n += 1) mayAsk(`other ${n}`);
    expect(mayAsk('one more')).toBe(true);
    expect(['two', 'one'].map(mayAsk)).toEqual([false, true]);
  });

  it('gives nothing for a clock that steps back', () => {
    const limits = new CallerLimits();
    letThrough(limits, caller('a'), 10_000, 1_500);
    expect(letThrough(limits, caller('a'), 0, 10)).toBe(0);
  });
});
