import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DevFile } from './dev-file.js';

/** The folder of the built page, seen from the sources and from what is compiled of them alike. */
const builtPage = fileURLToPath(new URL('../../example-app/dist/', import.meta.url));

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The addresses at which the page itself is shown; the second one is its redirect URI. */
const shownAt: ReadonlySet<string> = new Set(['/spa', '/spa/', '/spa/callback']);

/** The files of the built page by the paths at which they are served. Nothing of a request becomes a path of the file system. */
function filesOfPage(): ReadonlyMap<string, Buffer> {
  if (!existsSync(builtPage)) return new Map();
  const entries = readdirSync(builtPage, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [
        `/spa/${path.relative(builtPage, file).replaceAll(path.sep, '/')}`,
        readFileSync(file),
      ]),
  );
}

/** Only scripts and styles of the page itself; it talks to its own server and to the authorization server. */
const pageHeaders = (issuer: string): Readonly<Record<string, string>> => ({
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src 'self' ${new URL(issuer).origin}`,
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
});

/** Answers for the example application: its page, its files, and the addresses it needs to know. Every other request is for `next`. */
export function examplePage(
  { issuer, clients: { spa, api } }: Pick<DevFile, 'issuer' | 'clients'>,
  next: RequestListener,
): RequestListener {
  const files = filesOfPage();
  const config = JSON.stringify({ issuer, clientId: spa.client_id, resource: api.resource });
  const headers = pageHeaders(issuer);
  const answer = (response: ServerResponse, type: string, body: string | Buffer | undefined) =>
    response.writeHead(200, { ...headers, 'Content-Type': type }).end(body);
  return (request: IncomingMessage, response) => {
    const [asked = ''] = (request.url ?? '').split('?', 1);
    const file = files.get(asked);
    if (request.method !== 'GET') return next(request, response);
    if (asked === '/health/ready') return answer(response, 'text/plain; charset=utf-8', 'ready\n');
    if (asked === '/config.json') return answer(response, 'application/json', config);
    if (asked === '/') return response.writeHead(302, { Location: '/spa' }).end();
    if (shownAt.has(asked) && files.size > 0)
      return answer(response, types['.html']!, files.get('/spa/index.html'));
    if (file) return answer(response, types[path.extname(asked)] ?? 'application/octet-stream', file);
    return next(request, response);
  };
}
