const inBytes = (text: string) => new TextEncoder().encode(text);

/** Bytes, or the UTF-8 of a text, in base64url without padding (RFC 7515 §2). */
export function base64url(value: ArrayBuffer | Uint8Array | string): string {
  const bytes = typeof value === 'string' ? inBytes(value) : new Uint8Array(value);
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

/** 256 random bits, for states, nonces, verifiers and names. */
export const randomText = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** SHA-256 of a text, as PKCE, thumbprints and `ath` have it. */
export const sha256 = async (text: string): Promise<string> =>
  base64url(await crypto.subtle.digest('SHA-256', inBytes(text)));

/** The claims of a JWT that came from the token endpoint itself, where TLS stands in for its signature (OpenID Connect Core §3.1.3.7). */
export function claimsOf(jwt: string): Readonly<Record<string, unknown>> {
  const [, payload = ''] = jwt.split('.');
  const bytes = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0))));
}
