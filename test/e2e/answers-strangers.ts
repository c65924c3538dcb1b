import {
  asserted,
  assertionOf,
  confidentialWays,
  type Desk,
  type DeskCase,
  type DeskClient,
  keys,
  type Sent,
} from './answers-desk.js';
import { deviceGrant, orders } from './protocol-names.js';

const nothing = 'x'.repeat(43);

/** A request at each endpoint, and with each grant; nothing in it needs to be right, because its client is not believed. */
const places: Readonly<Record<string, readonly [path: string, (desk: Desk) => Record<string, string>]>> = {
  'with a code': [
    '/token',
    ({ callback }) => ({
      grant_type: 'authorization_code',
      code: nothing,
      code_verifier: nothing,
      redirect_uri: callback,
    }),
  ],
  'with a refresh token': ['/token', () => ({ grant_type: 'refresh_token', refresh_token: nothing })],
  'for itself': ['/token', () => ({ grant_type: 'client_credentials', resource: orders })],
  'with a device code': ['/token', () => ({ grant_type: deviceGrant, device_code: nothing })],
  'about a token': ['/introspection', () => ({ token: nothing })],
  'to take a token back': ['/revocation', () => ({ token: nothing })],
  'for a device': ['/device/authorization', () => ({ scope: 'openid' })],
  'to push a request': [
    '/par',
    ({ callback }) => ({
      response_type: 'code',
      redirect_uri: callback,
      code_challenge: 'c'.repeat(43),
      code_challenge_method: 'S256',
      scope: 'openid',
    }),
  ],
};

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

/** Everything by which a client can try to be believed, none of it right for this one (RFC 6749 §2.3). */
const credentials: readonly ((desk: Desk, client: DeskClient) => Sent)[] = [
  (_, { id }) => ({ headers: basic(id, 'wrong') }),
  (desk, { id }) => ({ headers: basic(id, desk.client('opaque-api-basic').secret) }),
  (_, { id }) => ({ form: { client_id: id, client_secret: 'wrong' } }),
  (desk, { id }) => ({ form: { client_id: id, client_secret: desk.client('opaque-api-post').secret } }),
  (desk, client) => ({ form: asserted(assertionOf(desk, client, { by: keys.other })) }),
  (desk, client) => ({
    form: asserted(assertionOf(desk, client, { claims: { aud: 'https://else.example.test' } })),
  }),
  (_, { id }) => ({ form: { client_id: id } }),
];

/** Every wrong credential of clients of every way, at every endpoint. */
export const strangers: readonly DeskCase[] = Object.entries(places).flatMap(([place, [path, form]]) =>
  confidentialWays.map((way) => ({
    name: `a request ${place} by somebody who is not ${way}-bearer`,
    run: async (desk) => {
      for (const credential of credentials) {
        const { form: known = {}, headers = {} } = credential(desk, desk.client(`${way}-bearer`));
        await desk.post(path, { ...form(desk), ...(known as Record<string, string>) }, headers);
      }
    },
  })),
);
