import type { ServerResponse } from 'node:http';
import { routes } from '@curfew/token-endpoint';
import { noteRefusal, type ProblemError } from '@curfew/web';

const forClients: ReadonlySet<string> = new Set([
  routes.token,
  routes.introspection,
  routes.revocation,
  routes.userinfo,
  routes.device_authorization,
  routes.pushed_authorization_request,
]);

/** Whether an OAuth client waits at this path below the issuer for an error in the form of RFC 6749 §5.2. */
export const isForClients = (path: string): boolean => forClients.has(path);

/** Tells an OAuth client to come back later, before anything of its request was read. */
export function refuseClient(response: ServerResponse, problem: ProblemError): void {
  const { status, exactCause, title, detail = title, retryAfter = 1 } = problem;
  const error = 'temporarily_unavailable';
  noteRefusal(response, { error, cause: exactCause });
  const headers = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'Retry-After': Math.ceil(retryAfter),
    Connection: 'close',
  };
  response.writeHead(status, headers).end(JSON.stringify({ error, error_description: detail }));
}
