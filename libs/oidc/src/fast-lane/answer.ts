import type { ServerResponse } from 'node:http';

const answeredHere = new WeakSet<ServerResponse>();

/** Whether the fast lane has given this answer; the request log says so. */
export const answeredInFastLane = (response: ServerResponse): boolean => answeredHere.has(response);

const offered = new WeakMap<ServerResponse, string>();

/** Whatever the answer will be, it tells the client to use this nonce in its next proof (RFC 9449 §8.2). */
export function offerNonce(response: ServerResponse, nonce: string | undefined): void {
  if (nonce !== undefined) offered.set(response, nonce);
}

/**
 * Writes an answer exactly as the library would have to a request without an Origin, down to the order of the headers:
 * whoever asks must not see which of the two answered, because that would tell genuine tokens from others.
 */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: Readonly<Record<string, unknown>>,
  exposed: string,
  extra: Readonly<Record<string, string>> = {},
): void {
  answeredHere.add(response);
  // As text it leaves with the head in one write; a buffer would be a second one.
  const text = JSON.stringify(body);
  const nonce = offered.get(response);
  response.writeHead(status, {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': exposed,
    'cache-control': 'no-store',
    ...(nonce === undefined ? {} : { 'dpop-nonce': nonce }),
    'Content-Type': 'application/json; charset=utf-8',
    ...extra,
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** What the token endpoint lets other origins read. */
export const tokenHeaders = 'DPoP-Nonce,WWW-Authenticate';

/** What the introspection endpoint lets other origins read. */
export const introspectionHeaders = 'WWW-Authenticate';
