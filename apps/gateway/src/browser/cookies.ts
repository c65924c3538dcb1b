import type { IncomingMessage } from 'node:http';

/** What a cookie is called: with TLS it gets the prefix that keeps it on this host (RFC 6265bis §4.1.3.2). */
export const cookieName = (name: string, scheme: string): string =>
  scheme === 'https' ? `__Host-${name}` : name;

/** The value of the first cookie with this name. */
export function readCookie({ headers }: IncomingMessage, name: string): string | undefined {
  for (const pair of (headers.cookie ?? '').split(';')) {
    const [key, value] = pair.trim().split(/=(.*)/s);
    if (key === name) return value;
  }
  return undefined;
}

/** A `Set-Cookie` value; without `maxAge` (seconds) it goes with the browser, with 0 it goes now. */
export function writeCookie(name: string, value: string, scheme: string, maxAge?: number): string {
  const parts = [`${name}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax'];
  if (scheme === 'https') parts.push('Secure');
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
  return parts.join('; ');
}
