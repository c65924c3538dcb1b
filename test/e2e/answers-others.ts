import type { ClientRegistration } from '@curfew/clients';
import { newId } from '@curfew/tokens';
import type { Case } from './answers-forms.js';
import { basic, posted, type Side } from './answers-side.js';
import type { TwinName } from './answers-world.js';
import { billing, ledger, orders } from './protocol-world.js';

const machineCase = (name: TwinName, extra: Record<string, string>): Case => ({
  name: `client credentials of ${name} with ${JSON.stringify(extra)}`.slice(0, 120),
  run: (side) => side.machine(side.twin(name), extra),
});

/** Requests for client credentials. */
export const machines: readonly Case[] = [
  machineCase('machine', {}),
  machineCase('machine', { scope: 'orders:read' }),
  machineCase('machine', { scope: 'orders:write orders:read' }),
  machineCase('machine', { resource: orders }),
  machineCase('machine', { resource: orders, scope: 'orders:read admin' }),
  machineCase('machine', { scope: 'admin' }),
  machineCase('free-machine', {}),
  machineCase('two-machine', { resource: orders, scope: 'orders:read' }),
  machineCase('narrow-machine', { scope: 'orders:read orders:write' }),
  machineCase('narrow-machine', { scope: 'orders:write' }),
  machineCase('two-machine', {}),
  ...['orders:read', 'admin', 'openid', 'x y z'].flatMap((scope) => [
    machineCase('free-machine', { scope }),
    machineCase('two-machine', { scope }),
  ]),
  ...['openid', 'offline_access', 'email orders:read', 'openid profile'].flatMap((scope) => [
    machineCase('machine', { scope }),
    machineCase('narrow-machine', { scope }),
  ]),
  ...[
    'orders:read  orders:write',
    ' orders:read',
    'orders:read orders:read',
    'orders:"x',
    'é',
    '\0',
    ' ',
  ].map((scope) => machineCase('machine', { scope })),
  ...[billing, ledger, 'orders', `${orders}#x`, `${orders}/`, 'urn:x', '__proto__', '\0', ''].map(
    (resource) => machineCase('machine', { resource }),
  ),
  machineCase('jwt-machine', { scope: 'orders:read' }),
  machineCase('bound-machine', {}),
  machineCase('kept', { resource: orders }),
  machineCase('changing', {}),
  {
    name: 'client credentials with the secret in the form',
    run: (side) =>
      side.post('/token', { grant_type: 'client_credentials', ...posted(side.twin('post-machine')) }),
  },
  {
    name: 'client credentials for two APIs at once',
    run: (side) => {
      const two = [
        ['grant_type', 'client_credentials'],
        ['resource', orders],
        ['resource', ledger],
      ] as const;
      return side.post('/token', two, basic(side.twin('two-machine')));
    },
  },
  ...['', 'password', 'refresh_token ', 'REFRESH_TOKEN', 'implicit', '__proto__', 'client_credentials\0'].map(
    (grant_type) => ({
      name: `the grant type ${JSON.stringify(grant_type)}`,
      run: (side: Side) => side.post('/token', { grant_type }, basic(side.twin('machine'))),
    }),
  ),
];

/** A token of a session of one's own, as the server would have sealed it. */
const sealed = async (side: Side, claims: Record<string, unknown> = {}) =>
  side.world.seal({ grantId: (await side.session()).id, ...claims });
const own = async (side: Side, claims: Record<string, unknown>) =>
  side.world.seal({ kind: 'ClientCredentials', ...claims });
const asked = (name: string, token: (side: Side) => Promise<string>): Case => ({
  name: `introspection of ${name}`,
  run: async (side) => side.introspect(await token(side)),
});
const anHourAgo = (side: Side) => Math.floor(side.world.clock.now() / 1000) - 3600;
const now = (side: Side) => side.world.clock.now();

/** Introspections, each of a token, by a caller, with its parameters. */
export const introspections: readonly Case[] = [
  asked('a token', sealed),
  asked('a token for another API', (side) => sealed(side, { aud: billing })),
  asked('a token for no API', (side) => sealed(side, { aud: undefined })),
  asked('a token of another client than its session', (side) => sealed(side, { clientId: 'test-other' })),
  asked('a token of a client that never was', (side) => sealed(side, { clientId: 'nobody' })),
  asked('a token that has expired', (side) => sealed(side, { exp: anHourAgo(side) })),
  asked('a token of another kind', (side) => sealed(side, { kind: 'Grant' })),
  asked('a token of no session', (side) => sealed(side, { grantId: undefined })),
  asked('a token of a session with an odd id', (side) => sealed(side, { grantId: "' OR 1=1 --" })),
  asked('a token of a session that never was', (side) => sealed(side, { grantId: newId(now(side)) })),
  asked('a token bound to a key', (side) => sealed(side, { jkt: 'x'.repeat(43) })),
  asked('a token bound to a certificate', (side) => sealed(side, { 'x5t#S256': 'x'.repeat(43) })),
  asked('a token without scope', (side) => sealed(side, { scope: '' })),
  asked('a token sealed by somebody else', async (side) =>
    side.world.seal({ grantId: (await side.session()).id }, side.world.foreignAccessTokens),
  ),
  asked('a machine’s token', (side) =>
    own(side, { clientId: side.twin('machine').id, issuedAtMs: now(side) }),
  ),
  asked('a machine’s token of a client that never was', (side) =>
    own(side, { clientId: 'nobody', issuedAtMs: now(side) }),
  ),
  asked('a refresh token', async (side) => (await side.session()).token),
  asked('an empty token', async () => ''),
  asked('an unknown token', async () => 'nothing'),
  asked('a JWT of nobody', async () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.'),
  ...(
    [
      ['cut off', (token: string) => token.slice(0, -1)],
      ['padded', (token: string) => `${token}=`],
      ['with a blank behind', (token: string) => `${token} `],
      ['with NUL behind', (token: string) => `${token}\0`],
      ['in the other case', (token: string) => `cfw_at_${token.slice(7).toUpperCase()}`],
      ['in base64', (token: string) => `cfw_at_${token.slice(7).replaceAll('-', '+').replaceAll('_', '/')}`],
      ['twice', (token: string) => token + token],
      ['that is only its prefix', () => 'cfw_at_'],
      ['very long', (token: string) => token + 'A'.repeat(6000)],
    ] as const
  ).map(([how, spoil]) => asked(`a token ${how}`, async (side) => spoil(await sealed(side)))),
  ...(['access_token', 'refresh_token', 'nonsense', '__proto__', ''] as const).map((token_type_hint) => ({
    name: `introspection with the hint ${JSON.stringify(token_type_hint)}`,
    run: async (side: Side) => side.introspect(await sealed(side), side.api, { token_type_hint }),
  })),
  ...['false', 'true', '', '0', 'FALSE', 'false '].map((touch) => ({
    name: `introspection with touch=${JSON.stringify(touch)}`,
    run: async (side: Side) => side.introspect(await sealed(side), side.api, { touch }),
  })),
  ...(['web', 'other', 'billingApi', 'robot', 'spa'] as const).map((name) => ({
    name: `introspection by the client ${name}`,
    run: async (side: Side) => side.introspect(await sealed(side), side.world.protocol.clients[name]),
  })),
  {
    name: 'introspection of a refresh token by its client',
    run: async (side) => side.introspect((await side.session()).token, side.web),
  },
  {
    name: 'introspection of what was really handed out, before and after its session ends',
    run: async (side) => {
      const { token, id } = await side.session();
      const { access_token } = (await side.refresh(token)).body;
      await side.introspect(access_token);
      const { database } = side.world.protocol;
      await database.query(`UPDATE session SET ended_at = rotated_at, end_reason = 'logout' WHERE id = $1`, [
        id,
      ]);
      await side.introspect(access_token);
    },
  },
  {
    name: 'introspection of a JWT access token by its API and its client',
    run: async (side) => {
      const { access_token } = (await side.refresh((await side.session('jwt')).token)).body;
      await side.introspect(access_token);
      await side.introspect(access_token, side.web);
      await side.introspect(` ${access_token}`, side.web);
      await side.introspect(`${access_token.slice(0, -3)}AAA`, side.web);
    },
  },
  {
    name: 'introspection of a token that was revoked',
    run: async (side) => {
      const { access_token } = (await side.refresh((await side.session()).token)).body;
      await side.post('/revocation', { token: access_token }, basic(side.web));
      await side.introspect(access_token);
    },
  },
  {
    name: 'introspection of a token whose session was idle too long',
    run: async (side) => {
      const { id } = await side.session('web', (row) =>
        Object.fromEntries(
          ['signed_in_at', 'started_at', 'last_active_at', 'expires_at'].map((name) => [
            name,
            new Date(Date.parse(String(row[name])) - 7_200_000).toISOString(),
          ]),
        ),
      );
      await side.introspect(side.world.seal({ grantId: id }));
    },
  },
];

type Change = Partial<Record<keyof ClientRegistration, unknown>>;

/** A client that is changed between sign-in and use, and put back afterwards. */
const since = (what: string, change: Change, use: (side: Side, token: string) => Promise<unknown>): Case => ({
  name: `after ${what}`,
  run: async (side) => {
    const { clients } = side.world;
    const { id } = side.twin('changing');
    const { token } = await side.session('web', () => ({ client_id: id }));
    const { client: before } = (await clients.find(id))!;
    await clients.update(id, change as never, before.version);
    await side.settled();
    try {
      await use(side, token);
    } finally {
      const back = Object.fromEntries(
        Object.keys(change).map((name) => [
          name,
          before.metadata[name as keyof typeof before.metadata] ?? null,
        ]),
      );
      await clients.update(id, back as never, before.version + 1);
      await side.settled();
    }
  },
});
const refresh = (side: Side, token: string) => side.refresh(token, {}, side.twin('changing'));

/** Clients that are not what they were at the sign-in. */
export const changes: readonly Case[] = [
  since('scopes were taken from the client', { scope: 'openid orders:read' }, async (side, token) => {
    const next = (await refresh(side, token)).body.refresh_token;
    await side.refresh(next, { scope: 'orders:write' }, side.twin('changing'));
    await side.machine(side.twin('changing'), { resource: orders, scope: 'orders:read orders:write' });
  }),
  since('all scopes but one were taken from the client', { scope: 'unheard:of' }, refresh),
  since('the API was taken from the client', { resources: [ledger] }, refresh),
  since('refreshing was taken from the client', { grant_types: ['authorization_code'] }, refresh),
  since('the client must prove a key', { dpop_bound_access_tokens: true }, refresh),
  since(
    'the client became public',
    { token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] },
    async (side, token) => {
      await refresh(side, token);
      const form = { grant_type: 'refresh_token', refresh_token: token, client_id: side.twin('changing').id };
      await side.post('/token', form);
    },
  ),
  since('the client wants ID tokens signed otherwise', { id_token_signed_response_alg: 'RS256' }, refresh),
  since('the client wants to know when people signed in', { default_max_age: 3600 }, refresh),
  {
    name: 'after the client was disabled',
    run: async (side) => {
      const client = side.twin('disabled');
      const { token, id } = await side.session('web', () => ({ client_id: client.id }));
      await side.world.clients.disable(client.id);
      await side.settled();
      await side.refresh(token, {}, client);
      await side.introspect(side.world.seal({ grantId: id, clientId: client.id }));
      await side.introspect(await sealed(side), client);
      await side.machine(client, { resource: orders });
    },
  },
  {
    name: 'after the client was deleted',
    run: async (side) => {
      const client = side.twin('deleted');
      const { token, id } = await side.session('web', () => ({ client_id: client.id }));
      await side.world.clients.delete(client.id);
      await side.settled();
      await side.refresh(token, {}, client);
      await side.introspect(side.world.seal({ grantId: id, clientId: client.id }));
      await side.introspect(await own(side, { clientId: client.id, issuedAtMs: now(side) }));
    },
  },
  {
    name: 'after the client got a second secret, and after the first one ended',
    run: async (side) => {
      const client = side.twin('several');
      const { token } = await side.session('web', () => ({ client_id: client.id }));
      const { clients } = side.world;
      const second = await clients.rollOverSecret(client.id);
      await side.settled();
      const next = (await side.refresh(token, {}, client)).body.refresh_token;
      await side.refresh(next, {}, { ...client, secret: second });
      const [, first] = (await clients.find(client.id))!.secrets;
      await clients.endSecret(client.id, first!.id);
      await side.settled();
      await side.refresh(next, {}, client);
      await side.refresh(next, {}, { ...client, secret: second });
    },
  },
];
