import { isDeepStrictEqual } from 'node:util';
import { versionConflict } from './input.js';

/**
 * Throws unless a change is made from what is there now. It guards what has no version and is replaced as a whole: a caller who names what
 * they have seen undoes nobody else's change unseen. `named` is undefined where they name nothing.
 */
export function requireBefore(named: unknown, present: unknown): void {
  if (named !== undefined && !isDeepStrictEqual(named, present)) throw versionConflict();
}

/**
 * Throws unless what the caller saw, by its ETag, is there now. `seen` is undefined where they name none. RFC 9110 §13.1.1: `*` is whatever
 * is there, one of a list is enough, and the comparison is the strong one, to which a tag that was weakened on the way (`W/`) is no tag.
 */
export function requireSeen(seen: string | undefined, present: string): void {
  if (seen === undefined || seen.trim() === '*') return;
  const tags: readonly string[] = seen.match(/(?:W\/)?"[^"]*"/g) ?? [];
  if (!tags.includes(present)) throw versionConflict();
}

/** The words about a member that is checked by `requireBefore`. */
export const beforeWords = (state: string): string =>
  `${state} that the change is made from. If it is another one by now, nothing is changed: 412.`;
