import type { MassEnd } from './feed/messages.js';

/** The facts about an active access token. Instants are milliseconds since the epoch, by the authorization server's clock. */
export interface TokenFacts {
  /** Account, or undefined for a client's own token. */
  readonly subject: string | undefined;
  readonly clientId: string;
  /** Clients that act for the person by an exchanged token, the one that acts now first (`act`, RFC 8693 §4.1); otherwise none. */
  readonly actors: readonly string[];
  /** The client of the session that an exchanged token hangs on, where introspection told it. */
  readonly sessionClientId: string | undefined;
  /** Session, or undefined for a client's own token. */
  readonly sessionId: string | undefined;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly scopes: readonly string[];
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** When the person last proved who they are (`auth_time`). */
  readonly authenticatedAt: number | undefined;
  readonly acr: string | undefined;
  readonly amr: readonly string[];
  /** When the session ends unless somebody uses it. */
  readonly idleDeadline: number | undefined;
  /** From when on a person should be warned of that end (WCAG 2.2.1). */
  readonly idleWarningAt: number | undefined;
  readonly absoluteDeadline: number | undefined;
  /** When the session began, and when it was last used before this token was asked about. */
  readonly sessionStartedAt: number | undefined;
  readonly lastActiveAt: number | undefined;
  /** SHA-256 thumbprint of the key a token is bound to by DPoP (RFC 9449 §6). */
  readonly keyThumbprint: string | undefined;
  /** SHA-256 thumbprint of the certificate a token is bound to (RFC 8705 §3). */
  readonly certificateThumbprint: string | undefined;
}

/** The authorization server said something that is no introspection response. */
export class UnreadableAnswer extends TypeError {
  override readonly name = 'UnreadableAnswer';
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
const instant = (seconds: unknown): number | undefined =>
  typeof seconds === 'number' ? seconds * 1000 : undefined;
const texts = (value: unknown): readonly string[] =>
  [value ?? []].flat().filter((one): one is string => typeof one === 'string');

/** Reads an introspection response (RFC 7662 §2.2); null where the token is not active. `now`: when it was answered, there. */
export function readIntrospection(answer: unknown, now: number): TokenFacts | null {
  if (typeof answer !== 'object' || answer === null) throw new UnreadableAnswer();
  const claims = answer as Readonly<Record<string, unknown>>;
  if (claims['active'] === false) return null;
  if (claims['active'] !== true) throw new UnreadableAnswer();
  const idle = number(claims['idle_expires_in']);
  const warning = number(claims['idle_warning_in']);
  const absolute = number(claims['absolute_expires_in']);
  const age = number(claims['session_age']);
  const idleFor = number(claims['idle_for']);
  return {
    ...readClaims(claims),
    idleDeadline: idle === undefined ? undefined : now + idle * 1000,
    idleWarningAt: warning === undefined ? undefined : now + warning * 1000,
    absoluteDeadline: absolute === undefined ? undefined : now + absolute * 1000,
    sessionStartedAt: age === undefined ? undefined : now - age * 1000,
    lastActiveAt: idleFor === undefined ? undefined : now - idleFor * 1000,
  };
}

/**
 * Milliseconds for which the authorization server lets an answer be kept: `cache_max_age` of the session's policy. A server that says nothing
 * leaves it to whoever asked.
 */
export function allowedCacheMs(answer: unknown): number {
  const seconds = number((answer as Readonly<Record<string, unknown>> | null)?.['cache_max_age']);
  return seconds === undefined || !(seconds >= 0) ? Number.POSITIVE_INFINITY : seconds * 1000;
}

/** Reads the members that introspection responses and JWT access tokens (RFC 9068 §2.2) have in common. */
export function readClaims(claims: Readonly<Record<string, unknown>>): TokenFacts {
  const [clientId, issuer] = [text(claims['client_id']), text(claims['iss'])];
  const [issuedAt, expiresAt] = [instant(claims['iat']), instant(claims['exp'])];
  if (clientId === undefined || issuer === undefined || issuedAt === undefined || expiresAt === undefined)
    throw new UnreadableAnswer();
  const confirmation = (claims['cnf'] ?? {}) as Readonly<Record<string, unknown>>;
  return {
    subject: text(claims['sub']),
    clientId,
    actors: actorsIn(claims['act']),
    sessionClientId: text(claims['session_client_id']),
    sessionId: text(claims['sid']),
    issuer,
    audiences: texts(claims['aud']),
    scopes: (text(claims['scope']) ?? '').split(' ').filter(Boolean),
    issuedAt,
    expiresAt,
    authenticatedAt: instant(claims['auth_time']),
    acr: text(claims['acr']),
    amr: texts(claims['amr']),
    idleDeadline: undefined,
    idleWarningAt: undefined,
    absoluteDeadline: undefined,
    sessionStartedAt: undefined,
    lastActiveAt: undefined,
    keyThumbprint: text(confirmation['jkt']),
    certificateThumbprint: text(confirmation['x5t#S256']),
  };
}

/** More clients in a row than any right allows. */
const maxActors = 10;

/** RFC 8693 §4.1: `act` names the client that acts, and nests the one for which it does. */
function actorsIn(act: unknown): readonly string[] {
  const actors: string[] = [];
  for (let acting = act; acting !== undefined && actors.length < maxActors; ) {
    const { sub, act: before } = (acting ?? {}) as { readonly sub?: unknown; readonly act?: unknown };
    // One that nobody can name still acts.
    actors.push(text(sub) ?? '');
    acting = before;
  }
  return actors;
}

/** Whether a mass end ends this token, because it is one of its person or of any client that has a part in it. */
export function isOf(
  { subject, clientId, actors, sessionClientId }: TokenFacts,
  { kind, target }: Pick<MassEnd, 'kind' | 'target'>,
): boolean {
  if (kind === 'everyone') return true;
  if (kind === 'account') return target === subject;
  return target === clientId || target === sessionClientId || actors.includes(target);
}
