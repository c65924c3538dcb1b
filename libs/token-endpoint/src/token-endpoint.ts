import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Answer, basicChallenge, type Challenge, write, writeFailure, writeRefusal } from './answer.js';
import { authenticateClient } from './client/client-authentication.js';
import { introspection } from './introspection.js';
import type { EndpointParts } from './parts.js';
import { Refused } from './refused.js';
import { type ClientRequest, type EndpointRequest, formOf, readForm } from './request.js';
import { revocation } from './revocation.js';
import { routes } from './routes.js';
import { token } from './token.js';
import { bearerChallenge, userinfo } from './userinfo.js';

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
    const work = async (asked: EndpointRequest) => endpoint(await authenticateClient(asked, parts), parts);
    void serve({ request, response, path }, parts, { work, challenge: basicChallenge });
  };
}

/** Answers the userinfo endpoint; every other request is for `next`. */
export function userinfoEndpoint(parts: EndpointParts, next: RequestListener): RequestListener {
  const methods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD', 'POST']);
  return (request, response) => {
    const [path = '', query] = (request.url ?? '').split('?', 2);
    if (path !== routes.userinfo || !methods.has(request.method)) return next(request, response);
    const work = (asked: EndpointRequest) =>
      userinfo(Object.assign(asked, { query: new URLSearchParams(query) }), parts);
    void serve({ request, response, path }, parts, { work, challenge: bearerChallenge });
  };
}

/** A request as it arrived at an endpoint. */
interface Arrived {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path of the endpoint below the issuer. */
  readonly path: string;
}

/** An endpoint: its handling of a request, and its challenge. */
interface Endpoint {
  readonly work: (asked: EndpointRequest) => Promise<Answer | undefined>;
  readonly challenge: Challenge;
}

/** Reads a request, does the work, and writes its answer, the refusal, or the failure. */
async function serve(
  { request, response, path }: Arrived,
  parts: EndpointParts,
  { work, challenge }: Endpoint,
): Promise<void> {
  const { headers, socket, method } = request;
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
    const form = method === 'POST' ? await readForm(request, path) : formOf(request.url);
    if (!form) return;
    asked.form = form;
    const answered = await work(asked);
    if (answered) write(asked, answered);
  } catch (error) {
    if (error instanceof Refused) writeRefusal(asked, error, parts, challenge);
    else writeFailure(asked, error, parts);
  }
}
