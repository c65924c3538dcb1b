import { type Instant, instant, plus, seconds } from '@curfew/session-policy';
import { actedOn, type Signal, type Transmitter } from './transmitter.js';

/** The error codes of RFC 8935 §2.4. */
export type SetFault =
  | 'invalid_request'
  | 'invalid_key'
  | 'invalid_issuer'
  | 'invalid_audience'
  | 'authentication_failed'
  | 'access_denied';

/** A security event token that is not taken; the sentence repeats nothing of it. */
export class SetRefused extends Error {
  override readonly name = 'SetRefused';

  constructor(
    readonly code: SetFault,
    message: string,
  ) {
    super(message);
  }
}

/** A person as a security event token names them. */
export type ToldSubject =
  | { readonly format: 'iss_sub'; readonly issuer: string; readonly subject: string }
  | { readonly format: 'email'; readonly email: string };

/** The request of a token, as far as it is acted on here. */
export interface ToldSignal {
  readonly jti: string;
  readonly issuedAt: Instant;
  /** Until then the id of the token is remembered; it would be refused by its age afterwards. */
  readonly rememberUntil: Instant;
  /** Null where nothing is to be done: a verification, a change to a stream, an event that was not chosen. */
  readonly signal: Signal | null;
  /** Null where nobody is named in a way that is known here. */
  readonly subject: ToldSubject | null;
  /**
   * The one session of theirs that was revoked, where it is named: its id, which is missing where the format is not known here, and the issuer
   * that gave it, where the format says that.
   */
  readonly session?: { readonly id?: string; readonly issuer?: string } | undefined;
  /** The reason that the transmitter gives to administrators. */
  readonly reason: string | null;
}

type Json = Readonly<Record<string, unknown>>;

/** Bytes of one token at most. */
export const maxSetBytes = 64 * 1024;
/** Seconds by which the clock of a transmitter may be ahead. */
const maxAhead = 60;
/** Seconds for which a token is good: a transmitter repeats for a while what it could not deliver. */
const maxAge = 7 * 86_400;
const longestReason = 200;

/** RFC 8417 §2.3: tokens of other kinds are signed with the same keys. */
export const isSetType = (typ: unknown): boolean =>
  /^(?:application\/)?secevent\+jwt$/i.test(typeof typ === 'string' ? typ : '');

const textOf = (value: unknown, longest = 1_000): string | null =>
  typeof value === 'string' && value.length > 0 && value.length <= longest && !/\p{C}/u.test(value)
    ? value
    : null;
const objectOf = (value: unknown): Json | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
const malformed = (message: string): SetRefused => new SetRefused('invalid_request', message);

/** Refuses a token of another stream than that of this transmitter; only its signature shows that it is right. @throws SetRefused */
export function requireStreamOf(payload: Json, { issuer, audience }: Transmitter): void {
  if (payload['iss'] !== issuer) throw new SetRefused('invalid_issuer', 'iss is another one than agreed');
  if (![payload['aud']].flat().includes(audience))
    throw new SetRefused('invalid_audience', 'aud does not name this receiver');
}

/**
 * The content of a token whose signature was verified (RFC 8417 §2.2, SSF 1.0 §4): one event, about one subject.
 * @throws SetRefused
 */
export function readSignal(payload: Json, transmitter: Transmitter, now: Instant): ToldSignal {
  const { iat, exp, sub, events: all } = payload;
  const jti = textOf(payload['jti'], 255);
  if (jti === null) throw malformed('jti must be a text of at most 255 characters');
  if (typeof iat !== 'number' || !Number.isFinite(iat)) throw malformed('iat must be a number of seconds');
  const issuedAt = instant(Math.floor(iat * 1000));
  if (issuedAt > plus(now, seconds(maxAhead))) throw malformed('iat is in the future');
  if (issuedAt < plus(now, seconds(-maxAge))) throw malformed('iat is more than seven days ago');
  // SSF 1.0 §4.1: a token that has them could pass for an access token or an ID token elsewhere.
  if (exp !== undefined || sub !== undefined) throw malformed('sub and exp must be absent');
  const events = Object.entries(objectOf(all) ?? {});
  const [uri, content] = events[0] ?? [];
  const event = objectOf(content);
  if (events.length !== 1 || uri === undefined || event === null)
    throw malformed('events must hold one event');
  const named = objectOf(payload['sub_id']);
  const signal = signalOf(uri, event, transmitter);
  if (signal !== null && named === null) throw malformed('sub_id must be a subject identifier');
  return {
    jti,
    issuedAt,
    // A day more than it is good for, so that nodes whose clocks differ agree.
    rememberUntil: plus(issuedAt, seconds(maxAge + 86_400)),
    signal,
    subject: signal === null || named === null ? null : subjectOf(named),
    session: signal === 'session-revoked' && named !== null ? sessionOf(named) : undefined,
    reason: reasonOf(event['reason_admin']),
  };
}

/** A credential that was added has let nobody in who was kept out; the others may have (CAEP 1.0 §3.3). */
function signalOf(uri: string, event: Json, { signals }: Transmitter): Signal | null {
  const signal = Object.hasOwn(actedOn, uri) ? actedOn[uri as keyof typeof actedOn] : null;
  if (signal === null || !signals.includes(signal)) return null;
  return signal === 'credential-change' && event['change_type'] === 'create' ? null : signal;
}

/** The person of a subject identifier (RFC 9493 §3.2), or of the user of a complex one (SSF 1.0 §3.3). @throws SetRefused */
function subjectOf(named: Json, isInner = false): ToldSubject | null {
  switch (named['format']) {
    case 'iss_sub': {
      const [issuer, subject] = [textOf(named['iss']), textOf(named['sub'])];
      if (issuer === null || subject === null)
        throw malformed('sub_id of the format iss_sub must have iss and sub');
      return { format: 'iss_sub', issuer, subject };
    }
    case 'email': {
      const email = textOf(named['email']);
      if (email === null) throw malformed('sub_id of the format email must have email');
      return { format: 'email', email };
    }
    case 'complex': {
      const user = objectOf(named['user']);
      return isInner || user === null ? null : subjectOf(user, true);
    }
    default:
      if (textOf(named['format']) === null) throw malformed('sub_id must have a format');
      return null;
  }
}

/**
 * The session of a complex subject (SSF 1.0 §3.3): CAEP 1.0 §3.1 revokes that one, and without it all of the user's. A simple subject is a
 * session where it is `opaque`, as in the first example there; an `iss_sub` is a person. Its id is the `sid` of the ID tokens of that session.
 * @throws SetRefused
 */
function sessionOf(subject: Json): ToldSignal['session'] {
  const named = subject['format'] === 'opaque' ? subject : innerSessionOf(subject);
  if (named === null) return undefined;
  const member = (name: string): string => {
    const text = textOf(named[name]);
    if (text === null) throw malformed(`the session of sub_id must have ${name}`);
    return text;
  };
  switch (member('format')) {
    case 'opaque':
      return { id: member('id') };
    case 'iss_sub':
      return { issuer: member('iss'), id: member('sub') };
    default:
      return {};
  }
}

function innerSessionOf({ format, session }: Json): Json | null {
  if (format !== 'complex' || session === undefined || session === null) return null;
  const named = objectOf(session);
  if (named === null) throw malformed('the session of sub_id must be a subject identifier');
  return named;
}

/** CAEP 1.0 §2: a text for each language, of which the English one is preferred. */
function reasonOf(given: unknown): string | null {
  const texts = objectOf(given);
  const found = texts === null ? given : (texts['en'] ?? Object.values(texts)[0]);
  if (typeof found !== 'string') return null;
  const line = found.replaceAll(/\p{C}+/gu, ' ').trim();
  // Cut between characters: half of one is no text to PostgreSQL (§8.14).
  return [...line].slice(0, longestReason).join('') || null;
}
