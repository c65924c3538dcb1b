import { createHash } from 'node:crypto';

/** The CSP source expression of a script that stands on a page: no character of it may be one that `html` escapes. */
export const scriptSource = (script: string): string =>
  `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

/** What differs between the headers of pages. */
export interface PageHeaders {
  /** Where a form may end beyond our own origin, as CSP source expressions (see `formTarget`). */
  readonly formTargets?: readonly string[] | 'anywhere';
  /** Scripts that may run, as CSP source expressions. */
  readonly scripts?: readonly string[];
}

/**
 * Headers of every page for people: nothing but our own stylesheet is loaded, no script runs that is not named, no one may frame it
 * (RFC 9700 §4.16), nothing is stored and no address leaks to where a link leads.
 */
export function pageHeaders({
  formTargets = [],
  scripts = [],
}: PageHeaders = {}): Readonly<Record<string, string>> {
  return {
    'Content-Type': 'text/html; charset=utf-8',
    'Content-Security-Policy': [
      "default-src 'none'",
      "style-src 'self'",
      "img-src 'self' data:",
      ...(scripts.length > 0 ? [['script-src', ...scripts].join(' ')] : []),
      ...(formTargets === 'anywhere' ? [] : [['form-action', "'self'", ...new Set(formTargets)].join(' ')]),
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

/**
 * The CSP source expression of a redirect URI. Chromium applies `form-action` to every redirect that follows a form's
 * submission, so a page whose form ends at the client must name the client. IPv6 literals have no expression in CSP
 * (host-source knows names and IPv4 only), so their scheme has to do; so has a private-use scheme (RFC 8252 §7.1).
 */
export function formTarget(redirectUri: string): string | undefined {
  if (!URL.canParse(redirectUri)) return undefined;
  const { protocol, origin, hostname } = new URL(redirectUri);
  if (!/^[a-z][a-z0-9+.-]*:$/.test(protocol)) return undefined;
  if (protocol !== 'https:' && protocol !== 'http:') return protocol;
  return hostname.startsWith('[') ? protocol : origin;
}
