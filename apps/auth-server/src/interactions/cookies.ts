import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Seconds, seconds } from '@curfew/session-policy';
import { cookieHeader, readCookie } from '@curfew/web';
import type { PageSettings } from './page-settings.js';

const randomValue = /^[A-Za-z0-9_-]{43}$/;

/** A fresh value that nobody guesses: 32 random bytes. */
export const freshValue = (): string => randomBytes(32).toString('base64url');

/** The value of one of our random cookies, or undefined if it is absent or was not made by us. */
export function readOwnCookie(
  request: IncomingMessage,
  settings: PageSettings,
  purpose: string,
): string | undefined {
  const value = readCookieText(request, settings, purpose);
  return value !== undefined && randomValue.test(value) ? value : undefined;
}

/** The value of one of our cookies as it was sent, whoever made it. */
export function readCookieText(
  request: IncomingMessage,
  settings: PageSettings,
  purpose: string,
  path = '/',
): string | undefined {
  return readCookie(request, settings.cookieName(purpose, path));
}

/** Sets one of our cookies: never for scripts, never sent along from other sites' forms; until the browser closes without `maxAge`. */
export function setCookie(
  response: ServerResponse,
  settings: PageSettings,
  purpose: string,
  {
    value,
    maxAge,
    path = '/',
  }: { readonly value: string; readonly maxAge?: Seconds; readonly path?: string },
): void {
  const attributes = { secure: settings.secureCookies, maxAge, path };
  response.appendHeader('Set-Cookie', cookieHeader(settings.cookieName(purpose, path), value, attributes));
}

/** Takes one of our cookies back from the browser. */
export const dropCookie = (
  response: ServerResponse,
  settings: PageSettings,
  purpose: string,
  path: string,
): void => setCookie(response, settings, purpose, { value: '', maxAge: seconds(0), path });
