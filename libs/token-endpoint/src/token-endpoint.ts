/*
 * The endpoints of this room: which one a request is for, and at the token endpoint which grant.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { GrantType } from '@curfew/clients';
import type { Instant, RequestSignals } from '@curfew/session-policy';
import type { SignalsReader } from '@curfew/signals';
import { authenticateClient, clientParameters } from './client/client-authentication.js';
import { authorizationCode } from './grants/authorization-code.js';
import { clientCredentials } from './grants/client-credentials.js';
import { deviceCode } from './grants/device-code.js';
import type { GrantHandler } from './grants/grant-type.js';
import { refreshToken } from './grants/refresh-token.js';
import { tokenExchange } from './grants/token-exchange.js';
import { introspection } from './introspection.js';
import type { EndpointParts } from './parts.js';
import { invalidRequest, invalidScope, Refused } from './refused.js';
import {
  type Answer,
  basicChallenge,
  type Challenge,
  type ClientRequest,
  type EndpointRequest,
  type Form,
  formOf,
  parameter,
  readForm,
  refuseRepeated,
  requireParameters,
  write,
  writeFailure,
  writeRefusal,
} from './request.js';
import { revocation } from './revocation.js';
import { routes } from './routes.js';
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

/** A request as the checks see it. Its signals are read when a check asks for them first; most introspections need none. */
class ServedRequest implements EndpointRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly now: Instant;
  form: Form = {};
  readonly #reader: SignalsReader;
  /** Taken at once: a connection that is gone has none. */
  readonly #socketAddress: string | undefined;
  #signals: RequestSignals | undefined;

  constructor({ request, response, path }: Arrived, now: Instant, reader: SignalsReader) {
    this.request = request;
    this.response = response;
    this.path = path;
    this.now = now;
    this.#reader = reader;
    this.#socketAddress = request.socket.remoteAddress;
  }

  get signals(): RequestSignals {
    const { headers } = this.request;
    this.#signals ??= this.#reader.read({ socketAddress: this.#socketAddress, headers });
    return this.#signals;
  }
}

/** An endpoint: its handling of a request, and its challenge. */
interface Endpoint {
  readonly work: (asked: EndpointRequest) => Promise<Answer | undefined>;
  readonly challenge: Challenge;
}

/** Reads a request, does the work, and writes its answer, the refusal, or the failure. */
async function serve(arrived: Arrived, parts: EndpointParts, { work, challenge }: Endpoint): Promise<void> {
  const { request, path } = arrived;
  const asked: EndpointRequest = new ServedRequest(arrived, parts.clock.now(), parts.signals);
  try {
    const form = request.method === 'POST' ? await readForm(request, path) : formOf(request.url);
    if (!form) return;
    asked.form = form;
    const answered = await work(asked);
    if (answered) write(asked, answered);
  } catch (error) {
    if (error instanceof Refused) writeRefusal(asked, error, parts, challenge);
    else writeFailure(asked, error, parts);
  }
}

const grants: Readonly<Record<GrantType, GrantHandler>> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
  client_credentials: clientCredentials,
  'urn:ietf:params:oauth:grant-type:device_code': deviceCode,
  'urn:ietf:params:oauth:grant-type:token-exchange': tokenExchange,
};

/** RFC 6749 §3.2: the token endpoint, for a client that has authenticated. @throws Refused */
async function token(request: ClientRequest, parts: EndpointParts): Promise<Answer> {
  refuseRepeated(request, ['grant_type']);
  requireParameters(request, 'grant_type');
  const { handler, type } = grantOf(request);
  const { grant_types: allowed } = request.client.metadata;
  if (!allowed.some((one) => one === type))
    throw invalidRequest('requested grant type is not allowed for this client', 'grant_type_not_allowed');
  const known = [...handler.parameters, ...clientParameters];
  refuseRepeated(
    request,
    known.filter((name) => !handler.repeatable.includes(name)),
  );
  const scope = handler.parameters.includes('scope') ? parameter(request, 'scope') : undefined;
  if (scope !== undefined && !isScope.test(scope)) throw invalidScope('scope contains invalid characters');
  return handler.answer(request, parts);
}

/** RFC 6749 §3.3. */
const isScope = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/;

function grantOf(request: ClientRequest): { readonly handler: GrantHandler; readonly type: string } {
  const type = parameter(request, 'grant_type')!;
  if (!Object.hasOwn(grants, type))
    throw new Refused('unsupported_grant_type', 'grant_type_unsupported', {
      description: 'unsupported grant_type requested',
    });
  return { handler: grants[type as GrantType], type };
}
