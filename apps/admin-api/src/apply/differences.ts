import { isDeepStrictEqual } from 'node:util';

type Members = Readonly<Record<string, unknown>>;

/** The names of members that are wanted otherwise; a member that was absent is null. */
export const differing = (wanted: Members, before: Members): string[] =>
  Object.entries(wanted)
    .filter(([name, value]) => value !== undefined && !isDeepStrictEqual(value, before[name] ?? null))
    .map(([name]) => name);

/** The members of these names. */
export const only = (of: Members, names: readonly string[]): Members =>
  Object.fromEntries(names.map((name) => [name, of[name]]));
