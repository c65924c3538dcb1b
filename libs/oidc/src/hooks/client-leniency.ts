import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { currentScope } from '../request-scope.js';
import { epochSeconds } from '../session-payload.js';

/** Members of a registration that are read here and that the library does not know; it keeps their names. */
export const extraMetadata = ['require_pkce', 'assertion_audience'] as const;

type Lenient = { readonly [Member in (typeof extraMetadata)[number]]?: unknown };

/** A client that is held to the FAPI 2.0 Security Profile, as far as its registration tells. */
const isHeldToFapi = (client: Client): boolean =>
  client['dpopBoundAccessTokens'] === true ||
  client['tlsClientCertificateBoundAccessTokens'] === true ||
  client['requirePushedAuthorizationRequests'] === true;

/**
 * RFC 9700 §2.1.1 demands PKCE of public clients and recommends it to all; here it is demanded of all. A confidential client
 * may be registered to send a nonce instead, which its ID token carries.
 */
export function pkceRequired(ctx: KoaContextWithOIDC, client: object): boolean {
  const { require_pkce } = client as Lenient;
  return require_pkce !== false || ctx.oidc.params?.['nonce'] === undefined;
}

/** Seconds that the clock of a client may be ahead (FAPI 2.0 §5.3.2.1 refuses more than 60). */
const maxAhead = 60;
/** Seconds that an assertion may be good for: it is made for one request. */
const maxLife = 600;

/** Seconds by which clocks of clients may differ from ours. */
export const clockTolerance = 10;

/** Where this service takes assertions. */
export interface AssertionAudiences {
  readonly issuer: string;
  readonly tokenEndpoint: string;
  readonly pushedRequestEndpoint: string;
}

/**
 * An assertion is meant for the issuer, as a text or a list of one, so that an assertion shown elsewhere cannot be used here; under
 * FAPI 2.0 §5.3.2.1 only the text will do. A client may be registered to name the endpoints as well, as OpenID Connect Core §9 and
 * RFC 9126 §2 allow. The library has compared the audience before, with a longer list.
 */
export const checkAssertion =
  ({ issuer, ...endpoints }: AssertionAudiences) =>
  (
    _ctx: KoaContextWithOIDC,
    claims: Readonly<Record<string, unknown>>,
    _header: unknown,
    client: Client,
  ): void => {
    const { aud, iat, exp } = claims;
    const isAny = (client as Lenient).assertion_audience === 'any';
    const accepted = isAny ? [issuer, ...Object.values(endpoints)] : [issuer];
    const audiences = [aud].flat();
    const isMeant = audiences.length > 0 && audiences.every((one) => accepted.includes(String(one)));
    const isOneText = typeof aud === 'string' || (!isHeldToFapi(client) && (isAny || audiences.length === 1));
    if (!isMeant || !isOneText)
      throw new errors.InvalidClientAuth(`the assertion must name ${accepted.join(' or ')} as its audience`);
    const now = epochSeconds(currentScope().now);
    if (typeof iat === 'number' && iat > now + maxAhead)
      throw new errors.InvalidClientAuth('the assertion must not be issued in the future');
    if (Number(exp) > now + maxLife + clockTolerance)
      throw new errors.InvalidClientAuth('the assertion must expire within ten minutes');
  };
