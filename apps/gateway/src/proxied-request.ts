import type { IncomingMessage } from 'node:http';
import { type AskedFault, type AskedRequest, readAsked } from '@curfew/web';
import { isTrusted, ofHop } from './asked/forwarded.js';
import type { GatewayRules } from './routes/rules.js';

/**
 * A request to the gateway's own reverse proxy. Its scheme is what a trusted proxy in front says, and else that of the
 * gateway's public address; everything else is what the request itself says.
 */
export function readProxied(
  request: IncomingMessage,
  { forwarded }: GatewayRules,
  publicScheme: string,
): AskedRequest | AskedFault {
  const { method = '', url = '', headers, socket } = request;
  const stated = isTrusted(socket.remoteAddress, forwarded.proxies)
    ? headers['x-forwarded-proto']
    : undefined;
  const scheme = typeof stated === 'string' ? ofHop(stated, forwarded.hops) : undefined;
  return readAsked({ method, scheme: scheme ?? publicScheme, host: headers.host ?? '', target: url });
}

/** The addresses a request came through, as its upstream is told: a trusted proxy's word and its own address, or the address alone. */
export function forwardedFor({ headers, socket }: IncomingMessage, { forwarded }: GatewayRules): string {
  const address = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '') ?? '';
  const stated = headers['x-forwarded-for'];
  return isTrusted(socket.remoteAddress, forwarded.proxies) && typeof stated === 'string'
    ? `${stated}, ${address}`
    : address;
}

/** The client's certificate as a trusted proxy hands it over (RFC 8705), URL-encoded PEM; undefined from anybody else. */
export function certificateOf(
  { headers, socket }: IncomingMessage,
  { forwarded, clientCertificateHeader: name }: GatewayRules,
): string | undefined {
  const value = name === undefined ? undefined : headers[name];
  if (typeof value !== 'string' || !isTrusted(socket.remoteAddress, forwarded.proxies)) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
