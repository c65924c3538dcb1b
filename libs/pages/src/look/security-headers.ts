import { createHash } from 'node:crypto';
import type { LanguageTag } from '../messages/language.js';

/** The CSP source expression of a script that stands on a page: no character of it may be one that `html` escapes. */
export const scriptSource = (script: string): string =>
  `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

/** The parts of the security headers that differ between pages. */
export interface PageHeaders {
  readonly language: LanguageTag;
  /**
   * Set where the answer to a form of the page may take the browser to an application. Chromium applies `form-action` to every
   * redirect that follows a form's submission (CSP3 §6.5.1.1). The redirects that an application's callback answers with are its
   * own business and cannot be known here, so such a page has no `form-action`: with one, Chromium would leave the person on it
   * after the code is spent.
   */
  readonly leadsOut?: boolean;
  /** Scripts that may run, as CSP source expressions. */
  readonly scripts?: readonly string[];
}

/**
 * Headers of every page for people: nothing but our own stylesheet is loaded, no script runs that is not named, no one may frame it
 * (RFC 9700 §4.16), nothing is stored and no address leaks to where a link leads.
 */
export function pageHeaders({
  language,
  leadsOut = false,
  scripts = [],
}: PageHeaders): Readonly<Record<string, string>> {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': [
      "default-src 'none'",
      "style-src 'self'",
      "img-src 'self' data:",
      ...(scripts.length > 0 ? [['script-src', ...scripts].join(' ')] : []),
      ...(leadsOut ? [] : ["form-action 'self'"]),
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ].join('; '),
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'Cache-Control': 'no-store',
    // No cache may keep a page; one that does all the same must not give it to a reader of another language (RFC 9110 §12.5.5).
    'Content-Language': language,
    Vary: 'Accept-Language',
  };
}

/**
 * Headers for whatever oidc-provider answers by itself, to be set before it does; our own pages replace them. Its page that
 * submits itself (`form_post`, a link with a device code in it) is drawn again as one of ours; should an upgrade change it
 * beyond recognition, it goes on working, because the library adds the hash of its script to a `script-src` it finds.
 */
export const protocolHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': "default-src 'none'; script-src; frame-ancestors 'none'; base-uri 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
};
