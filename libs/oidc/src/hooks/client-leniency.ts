import { type AssertionAudiences, assertionFault } from '@curfew/token-endpoint';
import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { currentScope } from '../request-scope.js';

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

/** The rule for assertions, where the library takes them. It has compared the audience before, with a longer list. */
export const checkAssertion =
  (audiences: AssertionAudiences) =>
  (
    _ctx: KoaContextWithOIDC,
    claims: Readonly<Record<string, unknown>>,
    _header: unknown,
    client: Client,
  ): void => {
    const acceptsEndpoints = (client as Lenient).assertion_audience === 'any';
    const facts = { acceptsEndpoints, isHeldToFapi: isHeldToFapi(client) };
    const fault = assertionFault(claims, facts, audiences, currentScope().now);
    if (fault !== null) throw new errors.InvalidClientAuth(fault);
  };
