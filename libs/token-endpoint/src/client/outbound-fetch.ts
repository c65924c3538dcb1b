import { lookup as resolve } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** Networks that are nobody's public address (RFC 6890 and its successors): a client must not aim us at our own inside. */
const inside = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  inside.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  inside.addSubnet(network, bits, 'ipv6');
}

/** Whether an address belongs to a private, loopback, link-local or otherwise internal network. */
export function isInside(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped) return inside.check(mapped, 'ipv4');
  return inside.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** The address belongs to an internal network, and those are refused. */
export class InsideAddressRefused extends Error {
  override readonly name = 'InsideAddressRefused';
}

/** Resolves a name and refuses internal addresses in the same step, so that a second answer of the DNS cannot differ. */
const outsideOnly: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 4);
    const first = addresses.find(({ address }) => !isInside(address));
    if (!first) return callback(new InsideAddressRefused(hostname), '', 4);
    if (options.all)
      return callback(
        null,
        addresses.filter(({ address }) => !isInside(address)),
      );
    callback(null, first.address, first.family);
  });
};

/** How long the protocol waits for an address that a client chose. */
export const outboundTimeoutMs = 2500;

/** How requests to addresses that clients chose are made. */
export interface OutboundRules {
  /** Only for development and tests. */
  readonly allowInside: boolean;
  readonly timeoutMs: number;
}

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** A `fetch` for addresses that others chose: no internal addresses, no redirects followed, bounded in time. */
export const outboundFetch =
  ({ allowInside, timeoutMs }: OutboundRules): Fetch =>
  (url, init = {}) =>
    new Promise((done, fail) => {
      const target = new URL(url);
      const host = target.hostname.replace(/^\[|\]$/g, '');
      if (!allowInside && isIP(host) !== 0 && isInside(host)) return fail(new InsideAddressRefused(host));
      const { request } = target.protocol === 'https:' ? https : http;
      const { signal, release } = boundIn(timeoutMs, init.signal ?? undefined);
      const outgoing = request(
        target,
        {
          method: init.method ?? 'GET',
          headers: Object.fromEntries(new Headers(init.headers)),
          ...(allowInside ? {} : { lookup: outsideOnly }),
          signal,
        },
        (incoming) => done(responseOf(incoming)),
      );
      outgoing.on('error', fail).on('close', release);
      outgoing.end(init.body === undefined || init.body === null ? undefined : String(init.body));
    });

/** Both reasons to give up, in one controller of our own: a signal of AbortSignal.any may be collected unheard (Node 20). */
function boundIn(timeoutMs: number, given: AbortSignal | undefined) {
  const ending = new AbortController();
  const stop = (): void => ending.abort(given?.reason);
  const late = setTimeout(
    () => ending.abort(new DOMException('it took too long', 'TimeoutError')),
    timeoutMs,
  );
  given?.addEventListener('abort', stop, { once: true });
  if (given?.aborted) stop();
  const release = (): void => {
    clearTimeout(late);
    given?.removeEventListener('abort', stop);
  };
  return { signal: ending.signal, release };
}

function responseOf(incoming: http.IncomingMessage): Response {
  const status = incoming.statusCode ?? 502;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers))
    headers.set(name, [value ?? []].flat().join(', '));
  const hasBody = ![101, 204, 205, 304].includes(status);
  if (!hasBody) incoming.resume();
  const body = hasBody ? (ReadableStream.from(incoming) as ReadableStream<Uint8Array>) : null;
  return new Response(body, { status, headers });
}
