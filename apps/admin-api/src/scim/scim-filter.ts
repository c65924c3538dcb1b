import { ProblemError } from '@curfew/web';
import { unstorable } from '../contract/input.js';
import { schemas } from './scim-attributes.js';

/** The attributes that a filter may compare, as their names are written in lower case. */
const comparable = { username: 'userName', externalid: 'externalId', id: 'id' } as const;

/** A filter: an attribute, and the value that it must have. */
export interface ScimFilter {
  readonly attribute: (typeof comparable)[keyof typeof comparable];
  readonly value: string;
}

/** One comparison with `eq` in any case (RFC 7644 §3.4.2.2). Its value is a JSON string, whose escapes have one case (RFC 8259 §7). */
const comparison =
  /^\s*([A-Za-z][\w:.-]{0,100})\s+[eE][qQ]\s+("(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*")\s*$/u;

/** Reads a filter. Only equality is known, because provisioning clients ask for nothing else. @throws ProblemError */
export function readFilter(text: string): ScimFilter {
  const [, name = '', value = ''] = comparison.exec(text) ?? [];
  const lower = name.toLowerCase();
  const core = `${schemas.user.toLowerCase()}:`;
  const plain = lower.startsWith(core) ? lower.slice(core.length) : lower;
  const read = value === '' ? '' : (JSON.parse(value) as string);
  if (!Object.hasOwn(comparable, plain) || unstorable.test(read))
    throw new ProblemError({
      status: 400,
      code: 'invalid_filter',
      detail: 'A filter compares userName, externalId or id by eq with a text in quotation marks.',
    });
  return { attribute: comparable[plain as keyof typeof comparable], value: read };
}
