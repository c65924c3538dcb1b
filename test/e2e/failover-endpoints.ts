import type { FailoverWorld } from '../chaos/failovers.js';
import { deviceGrant } from './admin-world.js';
import { type EngineClient, orders, type Tokens } from './engine-world.js';
import { asHeader, authorizationRequest, pkce } from './protocol-world.js';

/** The tokens, codes and cookies of clients and people when the database is lost: each is good for one of the requests. */
export interface Held {
  readonly tokens: Tokens;
  readonly code: { readonly code: string; readonly verifier: string };
  readonly deviceCode: string;
  readonly interaction: string;
  readonly cookie: string;
  readonly operator: string;
}

/** The addresses of all that respond: the authorization server, the admin API or the gateway. */
export interface Addresses {
  readonly issuer: string;
  readonly admin: string;
  readonly gateway: string;
}

/** A request, by whom it is answered and the form in which that one refuses. */
export interface Asked {
  readonly form: 'oauth' | 'problem' | 'page' | 'gateway';
  readonly address: string;
  readonly init: RequestInit;
}

const post = (fields: Record<string, string>, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: new URLSearchParams(fields),
  headers,
});
const postJson = (value: unknown, headers: Record<string, string>): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(value),
  headers: { 'content-type': 'application/json', ...headers },
});
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (client: EngineClient) => asHeader(client as never);
const registered = ({ client_id, client_secret }: { client_id: string; client_secret: string }) =>
  basic({ id: client_id, secret: client_secret });

/** Every endpoint of every server, asked as somebody asks who holds something good. */
export function everyEndpoint(
  { world, web, api }: FailoverWorld,
  { tokens, code, deviceCode, interaction, cookie, operator }: Held,
  { issuer, admin, gateway }: Addresses,
): readonly (readonly [name: string, asked: Asked])[] {
  const { service, device } = world.data.clients;
  const authorization = authorizationRequest(web as never, world.callback, {
    resource: orders,
    code_challenge: pkce().challenge,
    code_challenge_method: 'S256',
  });
  const as =
    (form: Asked['form'], base: string) =>
    (path: string, init: RequestInit = {}) => ({
      form,
      address: `${base}${path}`,
      init,
    });
  const oauth = as('oauth', issuer);
  const page = (path: string, init: RequestInit = {}) =>
    as('page', issuer)(path, { ...init, headers: { accept: 'text/html', cookie, ...init.headers } });
  const problem = as('problem', issuer);
  const operated = as('problem', admin);
  return Object.entries({
    'token, refresh': oauth(
      '/token',
      post({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token }, basic(web)),
    ),
    'token, code': oauth(
      '/token',
      post(
        {
          grant_type: 'authorization_code',
          code: code.code,
          code_verifier: code.verifier,
          redirect_uri: world.callback,
        },
        basic(web),
      ),
    ),
    'token, client credentials': oauth(
      '/token',
      post({ grant_type: 'client_credentials' }, registered(service)),
    ),
    'token, device code': oauth(
      '/token',
      post({ grant_type: deviceGrant, device_code: deviceCode, client_id: device.client_id }),
    ),
    introspection: oauth('/introspection', post({ token: tokens.access_token }, basic(api))),
    'introspection, signed': oauth(
      '/introspection',
      post({ token: tokens.access_token }, { ...basic(api), accept: 'application/token-introspection+jwt' }),
    ),
    'introspection, of a refresh token': oauth(
      '/introspection',
      post({ token: tokens.refresh_token }, basic(web)),
    ),
    revocation: oauth('/revocation', post({ token: tokens.refresh_token }, basic(web))),
    userinfo: oauth('/userinfo', { headers: bearer(tokens.access_token) }),
    'pushed authorization request': oauth('/par', post(Object.fromEntries(authorization), basic(web))),
    'device authorization': oauth(
      '/device/authorization',
      post({ client_id: device.client_id, scope: 'openid' }),
    ),
    'introspection of many': problem(
      '/introspection/batch',
      postJson({ tokens: [{ token: tokens.access_token }] }, basic(api)),
    ),
    'session feed': problem('/session-feed', { headers: basic(api) }),
    'session feed, acknowledgement': problem(
      '/session-feed/acknowledgements',
      postJson({ follower: '00000000-0000-4000-8000-000000000000', done: [] }, basic(api)),
    ),
    'routes of gateways': problem('/gateway-routes', { headers: basic(api) }),
    keys: problem('/jwks'),
    'metadata of OpenID': problem('/.well-known/openid-configuration'),
    'metadata of OAuth': problem('/.well-known/oauth-authorization-server'),
    readiness: problem('/health/ready'),
    authorization: page(`/authorize?${authorization}`),
    'authorization, silent': page(`/authorize?${authorization}&prompt=none`),
    'sign-in page': page(`/interaction/${interaction}`),
    'sign-in form': page(
      `/interaction/${interaction}`,
      post({ username: 'anybody', password: 'a password' }, { origin: issuer }),
    ),
    'device page': page('/device'),
    logout: page(`/logout?client_id=${web.id}`),
    account: page('/'),
    'account, sessions': page('/sessions'),
    'account, end all others': page('/sessions', post({ others: '1' }, { origin: issuer })),
    'account, applications': page('/applications'),
    'account, password': page('/password'),
    'admin API, a read': operated('/v1/sessions', { headers: bearer(operator) }),
    'admin API, an end': operated(`/v1/sessions/${tokens.sid}`, {
      method: 'DELETE',
      headers: bearer(operator),
    }),
    'admin API, an end of many': operated('/v1/sessions/end', postJson({ all: true }, bearer(operator))),
    'admin API, events': operated('/v1/events', { headers: bearer(operator) }),
    'admin API, readiness': operated('/health/ready'),
    'gateway, a request': as('gateway', gateway)('/orders/7', { headers: bearer(tokens.access_token) }),
  });
}
