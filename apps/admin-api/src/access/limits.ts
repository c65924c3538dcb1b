import type { Instant } from '@curfew/session-policy';
import { ProblemError } from '@curfew/web';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { type Caller, callerKey } from './caller.js';

/** Requests one caller may send at once, and per second from then on, to one process. */
const burst = 1_000;
const perSecond = 500;
const maxCallers = 10_000;

interface Bucket {
  left: number;
  at: Instant;
}

/** Keeps one caller's loop from taking the whole process; the bound on memory is the number of callers remembered. */
@Injectable()
export class CallerLimits {
  readonly #buckets = new LRUCache<string, Bucket>({ max: maxCallers });

  /** Takes one request from the caller's bucket; throws 429 with Retry-After where it is empty. */
  take(caller: Caller, now: Instant): void {
    const key = callerKey(caller);
    const bucket = this.#buckets.get(key) ?? { left: burst, at: now };
    const refilled = Math.min(burst, bucket.left + (Math.max(0, now - bucket.at) / 1000) * perSecond);
    this.#buckets.set(key, { left: Math.max(0, refilled - 1), at: now });
    if (refilled < 1)
      throw new ProblemError({
        status: 429,
        code: 'too_many_requests',
        detail: 'This caller sends more requests than the service takes from one.',
        retryAfter: 1,
      });
  }
}
