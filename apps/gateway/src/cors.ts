import type { IncomingMessage } from 'node:http';
import type { Route } from './routes/route.js';

/** The response headers that a page of another origin may read (Fetch Standard, CORS protocol). */
const exposed = 'WWW-Authenticate, DPoP-Nonce, Retry-After, X-Session-Idle-Expires-In, X-Session-Expires-In';

/** Seconds a browser may remember the answer to a preflight. */
const rememberedFor = '600';

/** Header names as a preflight lists them. */
const headerNames = /^[\w!#$%&'*+.^`|~-]+( *, *[\w!#$%&'*+.^`|~-]+)*$/;

/** Headers by which a page that the route lists may read the gateway's own answer; undefined for everybody else. */
export function corsHeaders(
  route: Route | null,
  { headers: { origin } }: IncomingMessage,
): Record<string, string> | undefined {
  if (origin === undefined || !route?.cors?.includes(origin)) return undefined;
  return { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': exposed, Vary: 'Origin' };
}

/** The method that a preflight asks for; undefined for every other request. It brings no credentials (Fetch Standard, CORS-preflight fetch). */
export function preflightMethod({ headers }: IncomingMessage, askedMethod: string): string | undefined {
  const wanted = headers['access-control-request-method'];
  const isPreflight = askedMethod === 'OPTIONS' && headers.origin !== undefined;
  return isPreflight && typeof wanted === 'string' && /^[A-Z]{1,32}$/.test(wanted) ? wanted : undefined;
}

/** The answer to a preflight of a page that the route lists; undefined for everybody else. */
export function preflightHeaders(
  route: Route,
  message: IncomingMessage,
  method: string,
): Record<string, string> | undefined {
  const allowed = corsHeaders(route, message);
  if (!allowed) return undefined;
  const names = message.headers['access-control-request-headers'];
  return {
    'Access-Control-Allow-Methods': method,
    'Access-Control-Allow-Headers': typeof names === 'string' && headerNames.test(names) ? names : '',
    'Access-Control-Max-Age': rememberedFor,
    'Cache-Control': 'no-store',
    ...allowed,
  };
}
