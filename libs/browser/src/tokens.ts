import { CurfewError } from './curfew-error.js';
import { claimsOf } from './encoding.js';
import { type Moment, momentAgo, passedSince } from './passed-time.js';

/** The tokens of a session, as one refresh gave them. */
export interface TokenSet {
  /** A name that the tabs of this origin give the session. */
  readonly session: string;
  /** The number of refreshes since the sign-in. The highest one of a session counts. */
  readonly turn: number;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** The claims of the ID token; empty without the scope `openid`. */
  readonly claims: Readonly<Record<string, unknown>>;
  readonly scope: string;
  /** Milliseconds for which the access token is valid, from its answer on. */
  readonly lifetime: number;
  readonly at: Moment;
}

/** The tokens that a request can be made with, and the key that they are bound to. */
export interface BoundTokens {
  readonly tokens: TokenSet;
  readonly key: CryptoKeyPair;
}

/** Whether two sets are of the same person for certain; without ID tokens the session alone tells. */
export const isSamePerson = (one: TokenSet, other: TokenSet): boolean =>
  one.session === other.session ||
  (one.claims['sub'] !== undefined && one.claims['sub'] === other.claims['sub']);

/** The clocks of a session, in milliseconds from the moment at which the server told them. */
export interface ToldClocks {
  readonly session: string;
  readonly idle: number;
  readonly warning: number;
  readonly absolute: number;
  readonly at: Moment;
}

/** Something that was measured here, for a tab or a page that measures otherwise: how long ago counts, not when. */
export interface Portable<Measured> {
  readonly value: Measured;
  readonly passed: number;
}

/** For another tab, or for storage. */
export const packed = <Measured extends { readonly at: Moment }>(value: Measured): Portable<Measured> => ({
  value,
  passed: passedSince(value.at),
});

/** From another tab, or from storage. */
export const unpacked = <Measured extends { readonly at: Moment }>({
  value,
  passed,
}: Portable<Measured>): Measured => ({ ...value, at: momentAgo(passed) });

/** Whether an access token is over, or so nearly that a request with it might come too late. */
export const isSpent = ({ lifetime, at }: TokenSet): boolean =>
  passedSince(at) >= lifetime - Math.min(15_000, lifetime / 10);

/** The facts that an answer of the token endpoint must agree with. */
export interface ExpectedTokens {
  readonly issuer: string;
  readonly clientId: string;
  readonly nonce?: string;
  /** The set that a refresh replaces. */
  readonly before?: TokenSet;
}

const unexpected = (fault: string) => new CurfewError('unexpected_answer', `the token endpoint ${fault}`);

/** Reads an answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core §3.1.3.7 and §12.2). @throws CurfewError */
export function tokensIn(
  body: Readonly<Record<string, unknown>>,
  session: string,
  { issuer, clientId, nonce, before }: ExpectedTokens,
): TokenSet {
  const { access_token, refresh_token = before?.refreshToken, id_token, expires_in, scope } = body;
  if (String(body['token_type']).toLowerCase() !== 'dpop') throw unexpected('gave no token of type DPoP');
  if (typeof access_token !== 'string' || typeof refresh_token !== 'string')
    throw unexpected('gave no refresh token: does the client have that grant type?');
  const claims = typeof id_token === 'string' ? claimsOf(id_token) : undefined;
  if (claims && (claims['iss'] !== issuer || claims['aud'] !== clientId))
    throw unexpected('gave an ID token of another issuer or client');
  if (claims && nonce !== undefined && claims['nonce'] !== nonce)
    throw unexpected('gave an ID token of another sign-in');
  const was = before?.claims['sub'];
  if (claims && was !== undefined && claims['sub'] !== was) throw unexpected('gave tokens of another person');
  return {
    session,
    turn: (before?.turn ?? -1) + 1,
    accessToken: access_token,
    refreshToken: refresh_token,
    claims: claims ?? before?.claims ?? {},
    scope: typeof scope === 'string' ? scope : (before?.scope ?? ''),
    lifetime: Number(expires_in ?? 60) * 1000,
    at: momentAgo(),
  };
}

/** Reads the clocks out of an active introspection answer; undefined for any other. */
export function clocksIn(body: Readonly<Record<string, unknown>>, session: string): ToldClocks | undefined {
  const { active, idle_expires_in, idle_warning_in, absolute_expires_in } = body;
  if (active !== true) return undefined;
  const ms = (seconds: unknown) => (typeof seconds === 'number' ? seconds * 1000 : Number.POSITIVE_INFINITY);
  return {
    session,
    idle: ms(idle_expires_in),
    warning: ms(idle_warning_in ?? idle_expires_in),
    absolute: ms(absolute_expires_in),
    at: momentAgo(),
  };
}
