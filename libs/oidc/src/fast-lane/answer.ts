import type { ServerResponse } from 'node:http';

/** Headers the library sets on every answer of these endpoints to a request without an Origin. */
const commonHeaders = {
  Vary: 'Origin',
  'Access-Control-Allow-Origin': '*',
  'cache-control': 'no-store',
  'Content-Type': 'application/json; charset=utf-8',
} as const;

/** Writes an answer exactly as the library would have (test/contract compares the two). */
export function answerJson(
  response: ServerResponse,
  status: number,
  body: Readonly<Record<string, unknown>>,
  exposed: string,
  extra: Readonly<Record<string, string>> = {},
): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...commonHeaders,
    'Access-Control-Expose-Headers': exposed,
    ...extra,
    'Content-Length': text.length,
  });
  response.end(text);
}

/** What the token endpoint lets other origins read. */
export const tokenHeaders = 'DPoP-Nonce,WWW-Authenticate';

/** What the introspection endpoint lets other origins read. */
export const introspectionHeaders = 'WWW-Authenticate';
