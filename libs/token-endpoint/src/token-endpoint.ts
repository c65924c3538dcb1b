import type { RequestListener } from 'node:http';
import { type Answer, basicChallenge } from './answer.js';
import { authenticateClient } from './client/client-authentication.js';
import { introspection } from './introspection.js';
import type { EndpointParts } from './parts.js';
import type { ClientRequest, EndpointRequest } from './request.js';
import { revocation } from './revocation.js';
import { routes } from './routes.js';
import { serve } from './serve.js';
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
