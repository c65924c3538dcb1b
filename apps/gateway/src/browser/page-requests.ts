import type { IncomingMessage } from 'node:http';
import type { AskedRequest } from '@curfew/web';

/**
 * Whether a request opens a WebSocket. `Upgrade` is for one connection, so nginx asks without it; the other marks are those of handshakes
 * alone (RFC 6455 §4.1, Fetch Metadata).
 */
export const isHandshake = ({ headers }: IncomingMessage): boolean =>
  /\bwebsocket\b/i.test(headers.upgrade ?? '') ||
  headers['sec-websocket-key'] !== undefined ||
  headers['sec-websocket-version'] !== undefined ||
  headers['sec-fetch-mode'] === 'websocket';

/** Whether a person looks at the answer of this request: then they can be sent somewhere. Scripts get a 401 instead. */
export function isNavigation({ headers }: IncomingMessage, { method }: AskedRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  const mode = headers['sec-fetch-mode'];
  if (mode !== undefined) return mode === 'navigate' && headers['sec-fetch-dest'] !== 'iframe';
  if (headers['x-requested-with'] !== undefined) return false;
  return /\btext\/html\b/i.test(headers.accept ?? '');
}

/**
 * Whether another site may have made the browser send this request. A cookie says who the browser belongs to, not who
 * wanted the request, so what changes something must come from the same origin (Fetch Metadata, Origin).
 */
export function isForgeable(
  { headers }: IncomingMessage,
  { method, scheme, host }: AskedRequest,
  isUpgrade = false,
): boolean {
  // Every site may open a WebSocket to any other; only the origin says which one did (RFC 6455 §10.2).
  if (isUpgrade) return headers.origin !== `${scheme}://${host}`;
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return false;
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin } = headers;
  return origin !== undefined ? origin !== `${scheme}://${host}` : site === undefined;
}
