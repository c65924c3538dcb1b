import { setTimeout as pause } from 'node:timers/promises';
import { isRetryable } from './failures.js';

/**
 * Runs `work`, a whole transaction, and runs it again when it lost against another one (40001, 40P01), at most `attempts` times in all.
 * Anything else, and the last conflict, is thrown as it is.
 */
export async function retrying<T>(work: () => Promise<T>, attempts = 3): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !isRetryable(error)) throw error;
      // Spread out, so that two that met do not meet again.
      await pause(Math.random() * 10 * 2 ** attempt);
    }
  }
}
