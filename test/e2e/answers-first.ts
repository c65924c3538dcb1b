import type { Case } from './answers-forms.js';
import { basic, posted, type Side } from './answers-side.js';
import { unknownId } from './answers-world.js';
import { assertionType, deviceGrant, ledger, orders } from './protocol-world.js';

type Fields = Readonly<Record<string, string | undefined>>;

const sent = (fields: Fields): Record<string, string> =>
  Object.fromEntries(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );

interface Redeeming {
  readonly fields?: Fields;
  readonly headers?: (side: Side) => Record<string, string>;
  readonly request?: Record<string, string>;
  readonly times?: number;
}

/** A code of `web` is redeemed, with something changed; `times` in a row. */
const redeems = (
  name: string,
  { fields = {}, headers = (side) => basic(side.web), request = {}, times = 1 }: Redeeming = {},
): Case => ({
  name: `a code ${name}`,
  run: async (side) => {
    const { code, verifier } = await side.code({ scope: 'openid orders:read', resource: orders, ...request });
    const redirect_uri = side.world.protocol.callback;
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier, redirect_uri, ...fields };
    for (let turn = 0; turn < times; turn += 1) await side.post('/token', sent(form), headers(side));
  },
});

const codes: readonly Case[] = [
  redeems('as it should be'),
  redeems('for an offline session', {
    request: { scope: 'openid offline_access orders:read', prompt: 'consent' },
  }),
  redeems('with a nonce', { request: { nonce: 'n-0S6_WzA2Mj' } }),
  redeems('for a JWT access token', { request: { resource: ledger } }),
  redeems('twice', { times: 2 }),
  redeems('three times', { times: 3 }),
  redeems('for the resource it was authorized for', { fields: { resource: orders } }),
  redeems('for another resource', { fields: { resource: ledger } }),
  redeems('for a resource that nobody knows', { fields: { resource: 'https://nobody.example.test' } }),
  redeems('with a scope of its own', { fields: { scope: 'orders:read' } }),
  redeems('without its verifier', { fields: { code_verifier: undefined } }),
  redeems('with another verifier', { fields: { code_verifier: 'v'.repeat(43) } }),
  redeems('with a verifier that is none', { fields: { code_verifier: 'short' } }),
  redeems('with another redirect URI', { fields: { redirect_uri: 'https://else.example.test/' } }),
  redeems('without a redirect URI', { fields: { redirect_uri: undefined } }),
  redeems('that is empty', { fields: { code: '' } }),
  redeems('that is absent', { fields: { code: undefined } }),
  redeems('that nobody made', { fields: { code: 'x'.repeat(43) } }),
  redeems('of another client', { headers: (side) => basic(side.world.protocol.clients.other) }),
  redeems('by a client that may not', { headers: (side) => basic(side.twin('machine')) }),
  redeems('with a wrong secret', { headers: (side) => basic({ ...side.web, secret: 'wrong' }) }),
  redeems('by a client that nobody knows', { headers: () => basic({ id: unknownId(), secret: 'x' }) }),
  redeems('without authentication', { headers: () => ({}) }),
  redeems('with a proof that is none', { headers: (side) => ({ ...basic(side.web), dpop: 'x.y.z' }) }),
];

/** A device asks for its token at these stages of a person's answer. */
const device = (name: string, steps: (side: Side, code: string, uri: string) => Promise<unknown>): Case => ({
  name: `a device ${name}`,
  run: async (side) => {
    const { id: client_id } = side.world.protocol.clients.tv;
    const { body } = await side.post('/device/authorization', {
      client_id,
      scope: 'openid orders:read',
      resource: orders,
    });
    await steps(side, body.device_code, body.verification_uri_complete);
  },
});
const poll = (side: Side, device_code: string | undefined, client_id = side.world.protocol.clients.tv.id) =>
  side.post('/token', sent({ grant_type: deviceGrant, device_code, client_id }));

const devices: readonly Case[] = [
  device('that waits', (side, code) => poll(side, code)),
  device('that asks too soon', async (side, code) => {
    await poll(side, code);
    await poll(side, code);
  }),
  device('that was allowed', async (side, code, uri) => {
    await side.person.follow(uri);
    await poll(side, code);
  }),
  device('that was allowed and asks twice', async (side, code, uri) => {
    await side.person.follow(uri);
    await poll(side, code);
    await poll(side, code);
  }),
  device('with a code that nobody made', (side) => poll(side, 'x'.repeat(43))),
  device('without its code', (side) => poll(side, undefined)),
  device('that is another client', (side, code) => poll(side, code, side.world.protocol.clients.spa.id)),
  device('that nobody knows', (side, code) => poll(side, code, unknownId())),
  {
    name: 'a device that is not registered for it',
    run: (side) => side.post('/device/authorization', { client_id: side.world.protocol.clients.spa.id }),
  },
  {
    name: 'a device that asks for too much',
    run: (side) =>
      side.post('/device/authorization', {
        client_id: side.world.protocol.clients.tv.id,
        scope: 'openid everything',
      }),
  },
];

type Assertion = (side: Side) => Promise<Fields>;

/** A client that authenticates with an assertion asks for a token of its own; `times` in a row with the same one. */
const asserts = (name: string, fields: Assertion, times = 1, path = '/token'): Case => ({
  name: `an assertion ${name}`,
  run: async (side) => {
    const form = {
      ...(path === '/token'
        ? { grant_type: 'client_credentials', scope: 'orders:read' }
        : { token: 'cfw_at_x' }),
      client_assertion_type: assertionType,
      ...(await fields(side)),
    };
    for (let turn = 0; turn < times; turn += 1) await side.post(path, sent(form));
  },
});
const claims =
  (changed: (now: number, side: Side) => Record<string, unknown>, algorithm?: string): Assertion =>
  async (side) => ({
    client_assertion: await side.world.protocol.assertion(
      changed(Math.floor(Date.now() / 1000), side),
      algorithm,
    ),
  });
const right = claims(() => ({}));

const assertions: readonly Case[] = [
  asserts('as it should be', right),
  asserts('that is shown twice', right, 2),
  asserts(
    'for another server',
    claims(() => ({ aud: 'https://else.example.test' })),
  ),
  asserts(
    'for the token endpoint',
    claims((_, { world }) => ({ aud: `${world.protocol.issuer}/token` })),
  ),
  asserts(
    'for two servers',
    claims((_, { world }) => ({ aud: [world.protocol.issuer, 'https://else.example.test'] })),
  ),
  asserts(
    'that is over',
    claims((now) => ({ iat: now - 600, exp: now - 300 })),
  ),
  asserts(
    'that lasts too long',
    claims((now) => ({ exp: now + 7_200 })),
  ),
  asserts(
    'of the future',
    claims((now) => ({ iat: now + 600, exp: now + 660 })),
  ),
  asserts(
    'that is not valid yet',
    claims((now) => ({ nbf: now + 600 })),
  ),
  asserts(
    'without an end',
    claims(() => ({ exp: undefined })),
  ),
  asserts(
    'without an id',
    claims(() => ({ jti: undefined })),
  ),
  asserts(
    'of another issuer',
    claims(() => ({ iss: 'somebody-else' })),
  ),
  asserts(
    'about another client',
    claims(() => ({ sub: 'somebody-else' })),
  ),
  asserts(
    'of a client that nobody knows',
    claims(() => ({ iss: 'nobody-4711', sub: 'nobody-4711' })),
  ),
  asserts('that is none', async () => ({ client_assertion: 'x.y.z' })),
  asserts('that is empty', async () => ({ client_assertion: '' })),
  asserts('without its type', async (side) => ({ ...(await right(side)), client_assertion_type: undefined })),
  asserts('of another type', async (side) => ({ ...(await right(side)), client_assertion_type: 'urn:x' })),
  asserts('with the name of its client', async (side) => ({
    ...(await right(side)),
    client_id: side.world.protocol.clients.robot.id,
  })),
  asserts('with the name of another client', async (side) => ({
    ...(await right(side)),
    client_id: side.web.id,
  })),
  asserts('beside a secret', async (side) => ({ ...(await right(side)), ...posted(side.web) })),
  asserts('whose signature was changed', async (side) => ({
    client_assertion: `${(await right(side))['client_assertion']!.slice(0, -8)}AAAAAAAA`,
  })),
  asserts('to ask about a token', right, 1, '/introspection'),
  asserts('to take a token back', right, 1, '/revocation'),
];

const certificates: readonly Case[] = [
  {
    name: 'a certificate that is missing where a machine must have one',
    run: (side) => side.post('/token', { grant_type: 'client_credentials' }, basic(side.twin('certified'))),
  },
  {
    name: 'a certificate in a header that nobody configured',
    run: (side) =>
      side.post(
        '/token',
        { grant_type: 'client_credentials' },
        { ...basic(side.twin('certified')), 'client-cert': ':MIIB:' },
      ),
  },
];

/** Requests by which clients get their first token, and ways to authenticate that only the library knows. */
export const firsts: readonly Case[] = [...codes, ...devices, ...assertions, ...certificates];
