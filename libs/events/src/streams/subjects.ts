import type { StoredEvent } from '../delivery/delivery.js';

/** Whom a stream may leave out: an account, or one session. */
export interface StreamSubject {
  readonly kind: 'account' | 'session';
  readonly id: string;
}

/** A subject as a receiver names it: by its id, by the address that is a username, or in a form that names nothing of this issuer. */
export type NamedSubject =
  | StreamSubject
  | { readonly kind: 'username'; readonly id: string }
  | { readonly kind: 'foreign' };

/** Says which accounts and sessions there are. */
export interface SubjectDirectory {
  /** The id of the account with this username in any spelling of it, or null. */
  accountOf(username: string): Promise<string | null>;
  /** Whether there is such an account or session. */
  knows(subject: StreamSubject): Promise<boolean>;
}

/** The largest number of subjects that one stream leaves out. */
export const maxExcluded = 1_000;

type Json = Readonly<Record<string, unknown>>;

const foreign = { kind: 'foreign' } as const;

const written = ({ kind, id }: StreamSubject): string => `${kind}:${id}`;
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= 1_000 && !/\p{C}/u.test(value)
    ? value
    : null;

/**
 * Reads a subject identifier (RFC 9493 §3.2): `iss_sub` or `email` for an account, `opaque` for a session, or `complex` of one of them
 * (SSF 1.0 §3.2). One of another issuer or another format is foreign. Null where it is not well formed.
 */
export function readSubject(value: unknown, issuer: string): NamedSubject | null {
  const subject = (typeof value === 'object' && value !== null ? value : {}) as Json;
  switch (subject['format']) {
    case 'iss_sub': {
      const [iss, id] = [textOf(subject['iss']), textOf(subject['sub'])];
      if (iss === null || id === null) return null;
      return iss === issuer ? { kind: 'account', id } : foreign;
    }
    case 'email': {
      const id = textOf(subject['email']);
      return id !== null && /[^@]@[^@]+$/.test(id) ? { kind: 'username', id } : null;
    }
    case 'opaque': {
      const id = textOf(subject['id']);
      return id === null ? null : { kind: 'session', id };
    }
    case 'complex':
      return readComplex(subject, issuer);
    default:
      return textOf(subject['format']) === null ? null : foreign;
  }
}

/** The session of a complex subject, which is the narrower one, else its user. */
function readComplex(subject: Json, issuer: string): NamedSubject | null {
  const part = subject['session'] === undefined ? 'user' : 'session';
  const inner = subject[part];
  if (inner === undefined) return foreign;
  const read = (inner as Json | null)?.['format'] === 'complex' ? null : readSubject(inner, issuer);
  return read && (read.kind === 'session') !== (part === 'session') ? foreign : read;
}

/** The account or session that is named, or null where there is none. Somebody who is left out already may be gone meanwhile. */
export async function findSubject(
  named: NamedSubject,
  directory: SubjectDirectory,
  excluded: readonly string[],
): Promise<StreamSubject | null> {
  if (named.kind === 'foreign') return null;
  if (named.kind === 'username') {
    const id = await directory.accountOf(named.id);
    return id === null ? null : { kind: 'account', id };
  }
  return excluded.includes(written(named)) || (await directory.knows(named)) ? named : null;
}

/** The subjects that a stream leaves out, from its settings. */
export const excludedOf = (settings: Json): readonly string[] =>
  Array.isArray(settings['excluded']) ? (settings['excluded'] as string[]) : [];

/** The list with a subject left out, or told of again. */
export function withSubject(excluded: readonly string[], subject: StreamSubject, told: boolean): string[] {
  const others = excluded.filter((one) => one !== written(subject));
  return told ? others : [...others, written(subject)];
}

/** Whether a stream leaves out whom an event is about. */
export const isExcluded = (settings: Json, { accountId, sessionId }: StoredEvent): boolean => {
  const excluded = excludedOf(settings);
  if (excluded.length === 0) return false;
  return (
    (accountId !== null && excluded.includes(written({ kind: 'account', id: accountId }))) ||
    (sessionId !== null && excluded.includes(written({ kind: 'session', id: sessionId })))
  );
};
