import type { KoaContextWithOIDC } from 'oidc-provider';

/** Members of a registration that are read here and that the library does not know; it keeps their names. */
export const extraMetadata = ['require_pkce', 'assertion_audience'] as const;

type Lenient = { readonly [Member in (typeof extraMetadata)[number]]?: unknown };

/**
 * RFC 9700 §2.1.1 demands PKCE of public clients and recommends it to all; here it is demanded of all. A confidential client
 * may be registered to send a nonce instead, which its ID token carries.
 */
export function pkceRequired(ctx: KoaContextWithOIDC, client: object): boolean {
  const { require_pkce } = client as Lenient;
  return require_pkce !== false || ctx.oidc.params?.['nonce'] === undefined;
}
