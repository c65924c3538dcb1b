import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ConsoleFile, type ConsoleFiles, pagesOf, readConsole } from './console-files.js';

/** The paths of the console, and its files. */
export interface ServedConsole {
  readonly files: ConsoleFiles;
  /** Its pages by the first part of their paths. */
  readonly pages: ConsoleFiles;
  /** The address at which people are signed in. */
  readonly consoleUrl: string;
  /** The authorization server, to which signing out leads. */
  readonly issuer: string;
}

/** The console as it was built, read into memory. */
export function builtConsole(addresses: Pick<ServedConsole, 'consoleUrl' | 'issuer'>): ServedConsole {
  const files = readConsole();
  return { ...addresses, files, pages: pagesOf(files) };
}

/**
 * Nothing but scripts and styles of the console itself; no markup from texts (Trusted Types), no frame around it (OWASP Clickjacking
 * Defense). The page of a sign-in may be opened in a window of its own and finds its way back by the origin.
 */
const contentSecurityPolicy = (issuer: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    `form-action 'self' ${new URL(issuer).origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');

const pageHeaders = (issuer: string): Readonly<Record<string, string>> => ({
  'Content-Security-Policy': contentSecurityPolicy(issuer),
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin-allow-popups',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
});

/** The name of an asset has a hash of its content. */
const assetHeaders: Readonly<Record<string, string>> = {
  'Cache-Control': 'public, max-age=31536000, immutable',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Whether a path is the console's. */
export const isOfConsole = (path: string): boolean => path === '/' || /^\/console(\/|$)/.test(path);

/** Answers a request for the console; false where there is no such file, or another method asks. */
export function answerConsole(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  { files, pages, consoleUrl, issuer }: ServedConsole,
): boolean {
  if (request.method !== 'GET' && request.method !== 'HEAD') return false;
  const page = files.get('index.html');
  if (!page) return false;
  const name = path.slice('/console/'.length);
  if (name.startsWith('assets/')) {
    const asset = files.get(name);
    return asset !== undefined && send(request, response, asset, assetHeaders);
  }
  const isAtHome = request.headers.host?.toLowerCase() === new URL(consoleUrl).host;
  if (!isAtHome || !path.startsWith('/console/')) return lead(response, path, isAtHome ? '' : consoleUrl);
  const [part = ''] = name.split('/');
  return send(request, response, pages.get(part) ?? page, pageHeaders(issuer));
}

/** Leads to the same page at the address where people can sign in. */
function lead(response: ServerResponse, path: string, base: string): true {
  const page = path.startsWith('/console/') ? path : '/console/';
  response.writeHead(302, { Location: `${base}${page}` }).end();
  return true;
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { type, body, brotli }: ConsoleFile,
  headers: Readonly<Record<string, string>>,
): true {
  const isBrotli =
    brotli !== undefined &&
    /\bbr\b(?!;\s*q=0(\.0*)?\s*(,|$))/.test(String(request.headers['accept-encoding'] ?? ''));
  const sent = isBrotli ? brotli : body;
  response.writeHead(200, {
    ...headers,
    'Content-Type': type,
    'Content-Length': sent.length,
    Vary: 'Accept-Encoding',
    ...(isBrotli ? { 'Content-Encoding': 'br' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : sent);
  return true;
}
