/** Headers as Node gives them: lower-case names. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The credentials of a request: a token with its scheme, none, or malformed ones. */
export type PresentedCredentials =
  | { readonly kind: 'token'; readonly scheme: 'Bearer' | 'DPoP'; readonly token: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'several' };

/** The longest token that is looked at. */
const maxTokenLength = 8_192;

/**
 * Finds the access token of a request (RFC 6750 §2.1, RFC 9449 §7.1). Only the Authorization header is read: a token in
 * the query ends up in logs and histories (RFC 6750 §5.3), so there it is a fault; and so is a second one anywhere.
 */
export function readCredentials(
  headers: RequestHeaders,
  url: string | undefined,
  several = false,
): PresentedCredentials {
  const header = headers['authorization'];
  const inQuery = /[?&](?:access_token|%61ccess_token)=/i.test(url ?? '');
  if (typeof header !== 'string' && header !== undefined) return { kind: 'several' };
  if (header === undefined || header.trim() === '') return inQuery ? { kind: 'malformed' } : { kind: 'none' };
  if (several || inQuery) return { kind: 'several' };
  const [, scheme, token] = /^(bearer|dpop) +([\w.~+/-]+=*)$/i.exec(header.trim()) ?? [];
  if (scheme === undefined || token === undefined) {
    // Another scheme is none of ours; one of ours with anything but a token is a fault.
    return /^(bearer|dpop)(\s|$)/i.test(header.trim()) ? { kind: 'malformed' } : { kind: 'none' };
  }
  if (token.length > maxTokenLength) return { kind: 'malformed' };
  return { kind: 'token', scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
}
