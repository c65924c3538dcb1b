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

/** The endpoints that clients use themselves, without a person: each answers a client that has authenticated. */
const endpoints: ReadonlyMap<string, (request: ClientRequest, parts: EndpointParts) => Promise<Answer>> =
  new Map([
    [routes.token, token],
    [routes.introspection, introspection],
    [routes.revocation, revocation],
  ]);

/** Answers the token, introspection and revocation endpoints; every other request is for `next`. */
export function tokenEndpoint(parts: EndpointParts, next: RequestListener): RequestListener {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (request.method !== 'POST' || !endpoints.has(path)) return next(request, response);
    void answer(request, response, path, parts);
  };
}

async function answer(
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
    write(asked, await endpoints.get(path)!(await authenticateClient(asked, parts), parts));
  } catch (error) {
    if (error instanceof Refused) writeRefusal(asked, error, parts);
    else writeFailure(asked, error, parts);
  }
}
