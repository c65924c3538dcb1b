import { cookieHeader } from '@curfew/web';

/** The name of a cookie: with TLS it gets the prefix that keeps it on this host (RFC 6265bis §4.1.3.2). */
export const cookieName = (name: string, scheme: string): string =>
  scheme === 'https' ? `__Host-${name}` : name;

/** A `Set-Cookie` value; without `maxAge` (seconds) it goes with the browser, with 0 it goes now. */
export const writeCookie = (name: string, value: string, scheme: string, maxAge?: number): string =>
  cookieHeader(name, value, { secure: scheme === 'https', maxAge });
