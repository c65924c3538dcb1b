import type { z } from 'zod';

/** A fault of an input: its place, and the value that is allowed there. */
export interface ReadFault {
  readonly path: readonly PropertyKey[];
  readonly detail: string;
}

/** A name that can be repeated to whoever wrote it; others could be markup, or steer a terminal. */
const plainName = /^[\w.:/@-]{1,64}$/;
/** The number of known members that are listed. */
const maxListed = 60;

/**
 * The faults that a schema finds, for whoever has to mend them: a member that nobody knows is named, each in a fault of its own, with
 * the members that are known there. No value is repeated.
 */
export const readFaults = (error: z.ZodError, schema: z.ZodType): ReadFault[] =>
  error.issues.flatMap((issue): ReadFault[] => {
    if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, detail: issue.message }];
    const detail = unknownMember(knownMembers(schema, issue.path));
    return issue.keys.map((key) =>
      plainName.test(key)
        ? { path: [...issue.path, key], detail }
        : {
            path: issue.path,
            detail: `has a member with a name of other characters than letters and digits; ${detail}`,
          },
    );
  });

/** The sentence about an unknown member. */
export function unknownMember(known: readonly string[]): string {
  if (known.length === 0) return 'is not known here';
  const listed = known.slice(0, maxListed).join(', ');
  return `is not known here; known are ${listed}${known.length > maxListed ? ', …' : ''}`;
}

/** The members a schema knows at a place; empty if it cannot be told. */
function knownMembers(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: Definition | undefined = inner(schema as Described);
  for (const part of path) {
    const next: Described | undefined = at && below(at, part);
    at = next && inner(next);
  }
  return at?.type === 'object' ? Object.keys(at.shape ?? {}) : [];
}

interface Described {
  readonly def: Definition;
}

/** The parts of a schema's definition that lead to what is inside it. */
interface Definition {
  readonly type: string;
  readonly innerType?: Described;
  readonly in?: Described;
  readonly shape?: Readonly<Record<string, Described>>;
  readonly valueType?: Described;
  readonly element?: Described;
}

/** Past what only says that a value may be absent, has a default or is changed afterwards. */
function inner({ def }: Described): Definition {
  const wrapped = def.innerType ?? def.in;
  return wrapped ? inner(wrapped) : def;
}

const below = ({ type, shape, valueType, element }: Definition, part: PropertyKey): Described | undefined =>
  type === 'object' ? shape?.[String(part)] : type === 'record' ? valueType : element;
