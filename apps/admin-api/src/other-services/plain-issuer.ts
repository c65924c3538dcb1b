/**
 * OpenID Connect Discovery §3: an issuer has no query and no fragment. It is not the address of its metadata, which would have them taken
 * from whomever they name. Issuers are compared letter by letter, so each has one spelling.
 */
export function plainFault(issuer: string): string | null {
  if (/[?#]/.test(issuer)) return 'must have no query and no fragment';
  if (issuer.includes('/.well-known/'))
    return 'must be the issuer itself, without /.well-known/ and all that follows it';
  const { href } = new URL(issuer);
  return [issuer, `${issuer}/`].includes(href) ? null : `must be spelled as ${href}`;
}
