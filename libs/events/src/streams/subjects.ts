import type { StoredEvent } from '../delivery/delivery.js';

/** Whom a stream may leave out: an account, or one session. */
export interface StreamSubject {
  readonly kind: 'account' | 'session';
  readonly id: string;
}

/** So many subjects a stream leaves out at most. */
export const mostExcluded = 1_000;

type Json = Readonly<Record<string, unknown>>;

const written = ({ kind, id }: StreamSubject): string => `${kind}:${id}`;
const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= 200 && !/\p{C}/u.test(value)
    ? value
    : null;

/**
 * The subject behind a subject identifier (RFC 9493) as tokens of this issuer carry them: `iss_sub` of an account, `opaque` of a
 * session, or `complex` of one of them. Null for any other.
 */
export function readSubject(value: unknown, issuer: string): StreamSubject | null {
  const subject = (typeof value === 'object' && value !== null ? value : {}) as Json;
  switch (subject['format']) {
    case 'iss_sub': {
      const id = subject['iss'] === issuer ? textOf(subject['sub']) : null;
      return id === null ? null : { kind: 'account', id };
    }
    case 'opaque': {
      const id = textOf(subject['id']);
      return id === null ? null : { kind: 'session', id };
    }
    case 'complex': {
      // The session is the narrower one of the two.
      const inner = subject['session'] ?? subject['user'];
      const read = (inner as Json | undefined)?.['format'] === 'complex' ? null : readSubject(inner, issuer);
      const wanted = subject['session'] === undefined ? 'account' : 'session';
      return read?.kind === wanted ? read : null;
    }
    default:
      return null;
  }
}

/** What a stream leaves out, as its settings have it. */
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
