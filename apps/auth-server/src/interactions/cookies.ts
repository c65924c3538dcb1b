import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Seconds } from '@curfew/session-policy';
import type { PageSettings } from './page-settings.js';

const randomValue = /^[A-Za-z0-9_-]{43}$/;

/** A fresh value that nobody guesses: 32 random bytes. */
export const freshValue = (): string => randomBytes(32).toString('base64url');

/** The value of one of our random cookies, or undefined if it is absent or was not made by us. */
export function readCookie(
  request: IncomingMessage,
  settings: PageSettings,
  purpose: string,
): string | undefined {
  const start = `${settings.cookieName(purpose)}=`;
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const value = pairs.find((pair) => pair.startsWith(start))?.slice(start.length);
  return value !== undefined && randomValue.test(value) ? value : undefined;
}

/** Sets one of our cookies: never for scripts, never sent along from other sites' forms; until the browser closes without `maxAge`. */
export function setCookie(
  response: ServerResponse,
  settings: PageSettings,
  purpose: string,
  cookie: { readonly value: string; readonly maxAge?: Seconds },
): void {
  const attributes = [
    `${settings.cookieName(purpose)}=${cookie.value}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Lax',
    ...(settings.secureCookies ? ['Secure'] : []),
    ...(cookie.maxAge === undefined ? [] : [`Max-Age=${cookie.maxAge}`]),
  ];
  response.appendHeader('Set-Cookie', attributes.join('; '));
}
