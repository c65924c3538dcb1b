import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPublicAddress } from '@curfew/clients/public-address';

/** The address belongs to an internal network, and those are refused. */
export class InsideAddressRefused extends Error {
  override readonly name = 'InsideAddressRefused';
}

/**
 * Resolves a name and refuses addresses that are not public in the same step: the connection goes to one of the addresses that were judged,
 * so that a second answer of the DNS cannot differ.
 */
export const publicOnly =
  (resolve: typeof lookup): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 4);
      const allowed = addresses.filter(({ address }) => isPublicAddress(address));
      const [first] = allowed;
      if (!first) return callback(new InsideAddressRefused(hostname), '', 4);
      if (options.all) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };

/**
 * Connections of the guarded kind are their own: one that was opened to an inside address by somebody who may would else be kept for the same
 * name, and be used again without resolving it.
 */
const guarded = {
  'http:': { agent: new http.Agent({ keepAlive: true, timeout: 5_000 }), lookup: publicOnly(lookup) },
  'https:': { agent: new https.Agent({ keepAlive: true, timeout: 5_000 }), lookup: publicOnly(lookup) },
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
      if (!allowInside && isIP(host) !== 0 && !isPublicAddress(host))
        return fail(new InsideAddressRefused(host));
      if (target.protocol !== 'https:' && target.protocol !== 'http:')
        return fail(new TypeError('only http and https are asked'));
      const { request } = target.protocol === 'https:' ? https : http;
      const { signal, release } = boundIn(timeoutMs, init.signal ?? undefined);
      const outgoing = request(
        target,
        {
          method: init.method ?? 'GET',
          headers: Object.fromEntries(new Headers(init.headers)),
          ...(allowInside ? {} : guarded[target.protocol]),
          signal,
        },
        (incoming) => {
          // Thrown here, it would be caught by nobody: this is a listener, and no part of the promise.
          try {
            done(responseOf(incoming));
          } catch (error) {
            incoming.destroy();
            fail(error);
          }
        },
      );
      outgoing.on('error', fail).on('close', () => {
        release();
        // An answer that would change the protocol (101) is told to nobody, and neither is its end.
        fail(new TypeError('the connection ended without an answer'));
      });
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

/** @throws RangeError where the status is none of 200 to 599, as a response must have (Fetch Standard §5.5): the wire tells any three digits. */
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
