import { randomFillSync } from 'node:crypto';

/*
 * Each draw from the system's generator is a job with an object of its own, and while anything in the process uses AsyncLocalStorage
 * such an object, with the bytes it filled, outlives all short collections. So they are drawn by the page.
 */
const page = Buffer.alloc(4096);
let used = page.length;

/** Bytes of the system's generator, for secrets, nonces and ids; at most a page of them. Bytes that were given out are not kept. */
export function randomBytes(length: number): Buffer {
  if (!(length <= page.length)) throw new RangeError(`at most ${page.length} bytes at once`);
  if (used + length > page.length) {
    randomFillSync(page);
    used = 0;
  }
  const drawn = Buffer.from(page.subarray(used, used + length));
  page.fill(0, used, used + length);
  used += length;
  return drawn;
}
