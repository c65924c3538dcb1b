import { randomBytes } from 'node:crypto';
import { newId } from '@curfew/tokens';
import type { Case } from './answers-forms.js';
import { posted, type Side } from './answers-side.js';
import type { TemplateName, TwinName } from './answers-world.js';
import { billing, ledger, orders } from './protocol-world.js';

type Row = Record<string, unknown>;

/** Moves every instant of a session back by so many seconds, and what its deadlines are counted from with it. */
const aged = (seconds: number, names: readonly string[]) => (row: Row) =>
  Object.fromEntries(
    names.map((name) => [name, new Date(Date.parse(String(row[name])) - seconds * 1000).toISOString()]),
  );
const hour = 3600;
const client = (side: Side, name: TwinName) => () => ({ client_id: side.twin(name).id });
const authorization = (change: Record<string, unknown>) => (row: Row) => ({
  authorization: { ...(row['authorization'] as object), ...change },
});

const refreshOf =
  (template: TemplateName, extra: Record<string, string> = {}) =>
  async (side: Side) =>
    side.refresh((await side.session(template)).token, extra, clientOf(side, template));

const clientOf = (side: Side, template: TemplateName) => {
  const { clients } = side.world.protocol;
  const others = { spa: clients.spa, rs256: clients.rs256, eddsa: clients.eddsa, device: clients.tv };
  return others[template as keyof typeof others] ?? side.web;
};

/** Refreshes that must succeed. */
const right: readonly Case[] = [
  ...(['web', 'bare', 'plain', 'nonce', 'offline', 'api', 'spa', 'rs256', 'eddsa', 'device'] as const).map(
    (template) => ({
      name: `refresh of the sign-in “${template}”`,
      run: refreshOf(template),
    }),
  ),
  ...(['named', 'jwt', 'both'] as const).map((template) => ({
    name: `refresh of the sign-in “${template}”`,
    run: refreshOf(template),
  })),
  ...['openid', 'orders:read', 'orders:write orders:read', 'openid orders:write'].map((scope) => ({
    name: `refresh for the scope “${scope}”`,
    run: refreshOf('web', { scope }),
  })),
  { name: 'refresh for an API by its name', run: refreshOf('web', { resource: orders }) },
  { name: 'refresh for one of two APIs', run: refreshOf('both', { resource: orders }) },
  { name: 'refresh for the other of two APIs', run: refreshOf('both', { resource: ledger }) },
  {
    name: 'refresh with the secret in the form',
    run: async (side) => {
      const { token } = await side.session();
      return side.post('/token', { grant_type: 'refresh_token', refresh_token: token, ...posted(side.web) });
    },
  },
  {
    name: 'refresh after refresh after refresh',
    run: async (side) => {
      let { token } = await side.session();
      for (let turn = 0; turn < 4; turn += 1) token = (await side.refresh(token)).body.refresh_token;
    },
  },
  {
    name: 'refresh of a token that is kept',
    run: async (side) => {
      const { token } = await side.session('web', client(side, 'kept'));
      await side.refresh(token, {}, side.twin('kept'));
      await side.refresh(token, {}, side.twin('kept'));
    },
  },
  {
    name: 'refresh close to the end of the session',
    run: async (side) => {
      // The access token must not outlive the session.
      const soon = new Date(side.world.clock.now() + 100_000).toISOString();
      const { token } = await side.session('web', () => ({ absolute_deadline: soon, expires_at: soon }));
      return side.refresh(token);
    },
  },
  {
    name: 'refresh for a policy with shorter times',
    run: async (side) => {
      const { token } = await side.session('web', client(side, 'short'));
      return side.refresh(token, {}, side.twin('short'));
    },
  },
];

/** Uses of a token that is not the live one. */
const replays: readonly Case[] = [
  {
    name: 'refresh tried again',
    run: async (side) => {
      const { token } = await side.session();
      await side.refresh(token);
      await side.refresh(token);
      await side.refresh(token, { scope: 'orders:read' });
    },
  },
  {
    name: 'refresh tried again after the window',
    run: async (side) => {
      const { token, id } = await side.session();
      await side.refresh(token);
      const { database } = side.world.protocol;
      await database.query(`UPDATE session SET rotated_at = rotated_at - interval '61 s' WHERE id = $1`, [
        id,
      ]);
      await side.refresh(token);
      await side.refresh(side.replies[0]!.body.refresh_token);
    },
  },
  {
    name: 'refresh tried again more often than allowed',
    run: async (side) => {
      const { token, id } = await side.session();
      await side.refresh(token);
      const { database } = side.world.protocol;
      await database.query(`UPDATE session SET rotated_at = rotated_at - interval '5 s' WHERE id = $1`, [id]);
      for (let turn = 0; turn < 7; turn += 1) await side.refresh(token);
    },
  },
  {
    name: 'refresh with the token before the last',
    run: async (side) => {
      const { token } = await side.session();
      const next = (await side.refresh(token)).body.refresh_token;
      await side.refresh(next);
      await side.refresh(token);
    },
  },
  {
    name: 'refresh tried again where nothing may be tried again, with an account of several sessions',
    run: async (side) => {
      const account = newId(side.world.clock.now());
      side.names.set(account, 'the account');
      const own = () => ({ client_id: side.twin('strict').id, account_id: account });
      const { token } = await side.session('web', own);
      const other = await side.session('web', own);
      await side.refresh(token, {}, side.twin('strict'));
      await side.refresh(token, {}, side.twin('strict'));
      await side.refresh(other.token, {}, side.twin('strict'));
    },
  },
  {
    name: 'refresh with a token ahead of its session',
    run: async (side) => {
      const { id } = await side.session();
      await side.refresh(
        side.world.refreshTokens.encode({ sessionId: id, generation: 7, secret: randomBytes(32) }),
      );
    },
  },
  {
    name: 'refresh with a secret the session does not know',
    run: async (side) => {
      const { id } = await side.session();
      await side.refresh(
        side.world.refreshTokens.encode({ sessionId: id, generation: 0, secret: randomBytes(32) }),
      );
    },
  },
  {
    name: 'refresh with a token of a session that never was',
    run: (side) =>
      side.refresh(
        side.world.refreshTokens.encode({
          sessionId: newId(side.world.clock.now()),
          generation: 0,
          secret: randomBytes(32),
        }),
      ),
  },
];

const spoiltTokens: Readonly<Record<string, (token: string) => string>> = {
  'cut off at the end': (token) => token.slice(0, -1),
  'cut off at the start': (token) => token.slice(1),
  'padded with =': (token) => `${token}=`,
  'with a blank behind': (token) => `${token} `,
  'with a line break behind': (token) => `${token}\n`,
  'with NUL behind': (token) => `${token}\0`,
  'in the other case': (token) => token.replace(/[a-z]/g, (letter) => letter.toUpperCase()),
  'with one letter changed': (token) =>
    `${token.slice(0, 40)}${token[40] === 'A' ? 'B' : 'A'}${token.slice(41)}`,
  'in base64 instead of base64url': (token) => token.replaceAll('-', '+').replaceAll('_', '/'),
  twice: (token) => token + token,
  'without its prefix': (token) => token.slice(7),
  'with the prefix of an access token': (token) => token.replace('cfw_rt_', 'cfw_at_'),
  empty: () => '',
  'very long': (token) => token + 'A'.repeat(5000),
  'of other letters': () => 'ключ-токен-\u{1f511}',
  'a JWT of nobody': () => 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.',
};

/** Tokens and parameters that are wrong. */
const wrong: readonly Case[] = [
  ...Object.entries(spoiltTokens).map(([how, spoil]) => ({
    name: `refresh with a token ${how}`,
    run: async (side: Side) => side.refresh(spoil((await side.session()).token)),
  })),
  ...[
    'openid admin',
    'orders:read orders:read',
    'orders:read  openid',
    ' orders:read',
    'orders:read ',
    'orders:read\topenid',
    'orders:read\nopenid',
    'orders:"read"',
    'orders:\\read',
    'ÖRDERS:READ',
    'offline_access',
    '__proto__',
    ' ',
    'orders:read\0',
    `orders:read ${'x '.repeat(500)}x`,
  ].map((scope) => ({
    name: `refresh for the scope ${JSON.stringify(scope).slice(0, 60)}`,
    run: refreshOf('web', { scope }),
  })),
  ...[
    billing,
    'orders',
    '/orders',
    `${orders}#x`,
    `${orders}/`,
    '',
    'https://nowhere.example.test',
    '__proto__',
    '\0',
  ].map((resource) => ({
    name: `refresh for the API ${JSON.stringify(resource)}`,
    run: refreshOf('web', { resource }),
  })),
  {
    name: 'refresh for two APIs at once',
    run: async (side) => {
      const { token } = await side.session('both');
      return side.refresh(token, [
        ['resource', orders],
        ['resource', ledger],
      ]);
    },
  },
  {
    name: 'refresh with another client’s token',
    run: async (side) => side.refresh((await side.session()).token, {}, side.twin('changing')),
  },
  {
    name: 'refresh with another client’s token, a public one',
    run: async (side) => side.refresh((await side.session('spa')).token, {}, side.web),
  },
  {
    name: 'refresh with an access token',
    run: async (side) => side.refresh(side.world.seal({ grantId: (await side.session()).id })),
  },
  { name: 'refresh without a token', run: (side) => side.refresh('') },
  {
    name: 'refresh of a sign-in with claims asked for',
    run: changed('web', authorization({ claims: { id_token: { email: null } } })),
  },
  {
    name: 'refresh of a sign-in where a scope was declined',
    run: changed('web', (row) => {
      const { grant } = row['authorization'] as { grant: object };
      return authorization({ grant: { ...grant, rejected: { resources: { [orders]: 'orders:write' } } } })(
        row,
      );
    }),
  },
  {
    name: 'refresh of a sign-in without scope',
    run: changed('web', authorization({ scope: undefined })),
  },
  {
    name: 'refresh of a sign-in that granted nothing',
    run: changed('web', authorization({ grant: {} })),
  },
  {
    name: 'refresh of a sign-in for an API that is gone',
    run: changed('web', authorization({ resource: 'https://gone.example.test' })),
  },
  {
    name: 'refresh of a session bound to a key',
    run: changed('web', (row) => ({
      key_thumbprint: 'x'.repeat(43),
      ...authorization({ jkt: 'x'.repeat(43) })(row),
    })),
  },
];

function changed(template: TemplateName, change: (row: Row) => Row) {
  return async (side: Side) => {
    const { token } = await side.session(template, change);
    await side.refresh(token);
    await side.refresh(token, { scope: 'openid' });
  };
}

const chrome =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
const seenAs = (userAgentFamily: string) => (row: Row) => ({
  baseline: { ...(row['baseline'] as object), userAgentFamily },
});

/** Sessions that are over, or that risk has a word in. */
const over: readonly Case[] = [
  {
    name: 'refresh of a session that was idle too long',
    run: changed('web', aged(2 * hour, ['signed_in_at', 'started_at', 'last_active_at', 'expires_at'])),
  },
  {
    name: 'refresh of a session past its age',
    run: changed('web', aged(13 * hour, ['signed_in_at', 'started_at', 'absolute_deadline', 'expires_at'])),
  },
  {
    name: 'refresh of a session past a deadline that was written',
    run: changed('web', aged(hour, ['expires_at'])),
  },
  {
    name: 'refresh of a session that has ended',
    run: changed('web', (row) => ({ ended_at: row['last_active_at'], end_reason: 'logout' })),
  },
  {
    name: 'refresh from another kind of browser',
    run: async (side) => {
      const { token } = await side.session('web', seenAs('Firefox'));
      await side.refresh(token, {}, side.web, { 'user-agent': chrome });
      await side.refresh(token, {}, side.web, { 'user-agent': chrome });
      await side.refresh(token);
    },
  },
  {
    name: 'refresh from another kind of browser where that ends the session',
    run: async (side) => {
      const own = (row: Row) => ({ ...seenAs('Firefox')(row), client_id: side.twin('wary').id });
      const { token } = await side.session('web', own);
      await side.refresh(token, {}, side.twin('wary'), { 'user-agent': chrome });
      await side.refresh(token, {}, side.twin('wary'));
    },
  },
];

/** Everything about refreshing. */
export const refreshes: readonly Case[] = [...right, ...replays, ...wrong, ...over];
