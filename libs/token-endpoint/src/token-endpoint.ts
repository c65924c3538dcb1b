import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Answer, write, writeFailure, writeRefusal } from './answer.js';
import { authenticateClient } from './client/client-authentication.js';
import { introspection } from './introspection.js';
import type { EndpointParts } from './parts.js';
import { Refused } from './refused.js';
import { type ClientRequest, type EndpointRequest, readForm } from './request.js';
import { revocation } from './revocation.js';
import { routes } from './routes.js';
import { token } from './token.js';

/** An endpoint that answers a client which has authenticated; undefined where it has written its answer itself. */
export type ClientEndpoint = (request: ClientRequest, parts: EndpointParts) => Promise<Answer | undefined>;

/** The endpoints at which a client that has authenticated gets, shows or takes back tokens. */
const tokenEndpoints: readonly (readonly [string, ClientEndpoint])[] = [
  [routes.token, token],
  [routes.introspection, introspection],
  [routes.revocation, revocation],
];

/**
 * Answers the token, introspection and revocation endpoints, and the `others` at which a client authenticates in the same way. Every other
 * request is for `next`.
 */
export function tokenEndpoint(
  parts: EndpointParts,
  others: readonly (readonly [string, ClientEndpoint])[],
  next: RequestListener,
): RequestListener {
  const endpoints: ReadonlyMap<string, ClientEndpoint> = new Map([...tokenEndpoints, ...others]);
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const endpoint = request.method === 'POST' ? endpoints.get(path) : undefined;
    if (!endpoint) return next(request, response);
    void answer(endpoint, request, response, path, parts);
  };
}

async function answer(
  endpoint: ClientEndpoint,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  parts: EndpointParts,
): Promise<void> {
  const { headers, socket } = request;
  const signals = parts.signals.read({ socketAddress: socket.remoteAddress, headers });
  const asked: EndpointRequest = {
    request,
    response,
    path,
    now: parts.clock.now(),
    signals,
    form: {},
  };
  try {
    const form = await readForm(request, path);
    if (!form) return;
    asked.form = form;
    const answered = await endpoint(await authenticateClient(asked, parts), parts);
    if (answered) write(asked, answered);
  } catch (error) {
    if (error instanceof Refused) writeRefusal(asked, error, parts);
    else writeFailure(asked, error, parts);
  }
}
