import type { IncomingMessage } from 'node:http';

/** The value of the first cookie with this name, as it was sent (RFC 6265 §5.4). */
export function readCookie({ headers }: IncomingMessage, name: string): string | undefined {
  const start = `${name}=`;
  for (const pair of (headers.cookie ?? '').split(';')) {
    const text = pair.trim();
    if (text.startsWith(start)) return text.slice(start.length);
  }
  return undefined;
}

/** The names of all cookies of a request, in the order they were sent: older ones first where paths are alike (RFC 6265 §5.4). */
export const cookieNames = ({ headers }: IncomingMessage): readonly string[] =>
  (headers.cookie ?? '').split(';').map((pair) => pair.trim().split('=', 1)[0] ?? '');

/**
 * A `Set-Cookie` value that scripts cannot read and other sites' forms do not send. Without `maxAge` (seconds) the cookie goes with the
 * browser; with 0 it goes now.
 */
export function cookieHeader(
  name: string,
  value: string,
  {
    secure,
    maxAge,
    path = '/',
  }: { readonly secure: boolean; readonly maxAge?: number | undefined; readonly path?: string },
): string {
  const parts = [`${name}=${value}`, `Path=${path}`, 'HttpOnly', 'SameSite=Lax'];
  if (secure) parts.push('Secure');
  if (maxAge !== undefined) parts.push(`Max-Age=${maxAge}`);
  return parts.join('; ');
}
