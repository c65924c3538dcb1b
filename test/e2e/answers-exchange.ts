import {
  allFormats,
  asks,
  bonds,
  by,
  confidentialWays,
  type Desk,
  type DeskClient,
  formats,
  introspect,
  keys,
  machine,
  proof,
  revoke,
  type Sent,
  signIn,
} from './answers-desk.js';
import type { Reply } from './answers-http.js';
import type { OurDesk } from './answers-our-desk.js';
import { billing, exchangeGrant, ledger, orders } from './protocol-names.js';

/** A case that our own server alone can answer. */
export interface OwnCase {
  readonly name: string;
  readonly run: (desk: OurDesk) => Promise<unknown>;
}

const tokenType = (kind: string) => `urn:ietf:params:oauth:token-type:${kind}`;
const accessToken = tokenType('access_token');

/** A client exchanges a token, for the ledger unless told otherwise. */
const exchange = (desk: Desk, client: DeskClient, subject_token: string, more: Sent = {}): Promise<Reply> =>
  asks(
    desk,
    client,
    '/token',
    {
      grant_type: exchangeGrant,
      subject_token,
      subject_token_type: accessToken,
      ...(more.form && ('resource' in more.form || 'audience' in more.form) ? {} : { resource: ledger }),
    },
    more,
  );

const signedIn = async (desk: Desk, id: string, resource: string = orders, scope = 'openid orders:read') =>
  (await signIn(desk, desk.client(id), { scope, resource })).body as {
    access_token: string;
    refresh_token: string;
    id_token: string;
  };

/** Every confidential client with every bond exchanges for every format, and the API asks about the new token in every way (RFC 8693 §2.2.1, §4.1). */
const lives: readonly OwnCase[] = confidentialWays.flatMap((way) =>
  bonds.flatMap((bond) =>
    allFormats.map((format) => ({
      name: `an exchange by ${way}-${bond} for ${format} access tokens (RFC 8693 §2.1)`,
      run: async (desk: OurDesk) => {
        const id = `${way}-${bond}`;
        const client = desk.client(id);
        const subject = await signedIn(desk, id, format === 'jwt' ? orders : ledger);
        const form = { resource: formats[format] };
        const { access_token } = (await exchange(desk, client, subject.access_token, { form })).body;
        for (const asker of confidentialWays)
          await introspect(desk, desk.client(`${format}-api-${asker}`), access_token);
        await introspect(desk, client, access_token);
        await revoke(desk, client, access_token);
        await introspect(desk, client, access_token);
      },
    })),
  ),
);

const id = 'basic-bearer';

/** A token of one sign-in is exchanged in these requests, one after the other; a right exchange comes last. */
const exchanges = (
  name: string,
  requests: readonly (Sent | ((desk: OurDesk, token: string) => Sent | Promise<Sent>))[],
): OwnCase => ({
  name: `an exchange ${name}`,
  run: async (desk) => {
    const { access_token } = await signedIn(desk, id);
    for (const request of [...requests, {}]) {
      const sent = typeof request === 'function' ? await request(desk, access_token) : request;
      await exchange(desk, desk.client(id), access_token, sent);
    }
  },
});
const form = (members: NonNullable<Sent['form']>): Sent => ({ form: members });

const types: readonly OwnCase[] = [
  exchanges(
    'of tokens of every other type (RFC 8693 §2.1, §3)',
    ['refresh_token', 'id_token', 'saml1', 'saml2', 'jwt', 'txn_token', ''].map((kind) =>
      form({ subject_token_type: tokenType(kind) }),
    ),
  ),
  exchanges('of a type that is no URI (RFC 8693 §3)', [
    form({ subject_token_type: 'access_token' }),
    form({ subject_token_type: `${accessToken} ` }),
    form({ subject_token_type: accessToken.toUpperCase() }),
  ]),
  exchanges('without a type, or without a token (RFC 8693 §2.1)', [
    form({ subject_token_type: undefined }),
    form({ subject_token_type: '' }),
    form({ subject_token: undefined }),
    form({ subject_token: '' }),
  ]),
  exchanges(
    'for tokens of every other type (RFC 8693 §2.1)',
    ['refresh_token', 'id_token', 'saml2', 'jwt'].map((kind) =>
      form({ requested_token_type: tokenType(kind) }),
    ),
  ),
  exchanges('for an access token, by its type (RFC 8693 §2.1)', [
    form({ requested_token_type: accessToken }),
  ]),
];

const apis: readonly OwnCase[] = [
  exchanges('for an API by its audience (RFC 8693 §2.1)', [form({ audience: ledger })]),
  exchanges('for an API by both names (RFC 8693 §2.1)', [
    form({ audience: ledger, resource: ledger }),
    form({ audience: ledger, resource: `${ledger}/` }),
  ]),
  exchanges('for two APIs (RFC 8693 §2.1.1)', [
    form({ audience: orders, resource: ledger }),
    form({ audience: billing, resource: ledger }),
    form({ audience: 'https://nobody.example.test', resource: ledger }),
  ]),
  exchanges('for no API (RFC 8693 §2.1)', [
    form({ resource: undefined }),
    form({ resource: '', audience: '' }),
  ]),
  exchanges(
    'for an API that cannot be had (RFC 8693 §2.2.2)',
    ['https://nobody.example.test', billing, 'ledger', `${ledger}#x`, '__proto__'].flatMap((name) => [
      form({ resource: name }),
      form({ audience: name, resource: undefined }),
    ]),
  ),
];

const scopes: readonly OwnCase[] = [
  exchanges('for more scope than the token has (RFC 8693 §2.1)', [
    form({ scope: 'orders:read orders:write' }),
    form({ scope: 'orders:write' }),
    form({ scope: 'openid' }),
    form({ scope: 'offline_access' }),
  ]),
  exchanges('for a scope that is none (RFC 6749 §3.3)', [
    form({ scope: '"' }),
    form({ scope: ' orders:read' }),
    form({ scope: 'orders:read  orders:read' }),
  ]),
  exchanges('for its scope by name (RFC 8693 §2.1)', [form({ scope: 'orders:read' }), form({ scope: '' })]),
  {
    name: 'an exchange of a token of which nothing may be delegated (RFC 8693 §2.2.2)',
    run: async (desk) => {
      const { access_token } = await signedIn(desk, id, orders, 'openid orders:write');
      await exchange(desk, desk.client(id), access_token);
    },
  },
];

const own = async (desk: Desk, client = id): Promise<string> =>
  (await machine(desk, desk.client(client), { scope: 'orders:read', resource: orders })).body.access_token;

const actors: readonly OwnCase[] = [
  exchanges('with a token of the client for an actor (RFC 8693 §2.1)', [
    async (desk) => form({ actor_token: await own(desk), actor_token_type: accessToken }),
  ]),
  exchanges('with an actor that is somebody else (RFC 8693 §2.1)', [
    async (desk) => form({ actor_token: await own(desk, 'post-bearer'), actor_token_type: accessToken }),
    (_, token) => form({ actor_token: token, actor_token_type: accessToken }),
    form({ actor_token: 'nothing', actor_token_type: accessToken }),
  ]),
  exchanges('with an actor of another type, or of none (RFC 8693 §2.1)', [
    async (desk) => form({ actor_token: await own(desk), actor_token_type: tokenType('jwt') }),
    async (desk) => form({ actor_token: await own(desk) }),
    form({ actor_token_type: accessToken }),
  ]),
  {
    name: 'exchanges of tokens that name who may act (RFC 8693 §4.4)',
    run: async (desk) => {
      const { refresh_token } = await signedIn(desk, id);
      const grantId = desk.sessionOf(refresh_token);
      for (const may_act of [
        { sub: id },
        { sub: 'post-bearer' },
        {},
        { sub: null },
        { sub: [id] },
        { sub: id, iss: 'https://elsewhere.example.test' },
        { sub: id, iss: desk.issuer },
        null,
        id,
      ])
        await exchange(desk, desk.client(id), desk.seal({ grantId, clientId: id, may_act }));
    },
  },
  {
    name: 'an exchange of a token that was exchanged (RFC 8693 §4.1)',
    run: async (desk) => {
      const { access_token } = await signedIn(desk, id);
      const first = (await exchange(desk, desk.client(id), access_token)).body.access_token;
      await exchange(desk, desk.client(id), first, form({ resource: orders }));
      await exchange(desk, desk.client(id), first);
    },
  },
];

/** Subject tokens that are none, or not the client's (RFC 8693 §2.2.2). */
const subjects: readonly OwnCase[] = [
  {
    name: 'exchanges of what is no access token of a person (RFC 8693 §2.2.2)',
    run: async (desk) => {
      const { refresh_token, id_token } = await signedIn(desk, id);
      for (const token of [refresh_token, id_token, await own(desk), 'nothing', 'cfw_at_', 'x.y.z'])
        await exchange(desk, desk.client(id), token);
    },
  },
  {
    name: 'an exchange of a token of another client (RFC 8693 §2.2.2)',
    run: async (desk) => {
      const { access_token } = await signedIn(desk, 'none-bearer');
      await exchange(desk, desk.client(id), access_token);
    },
  },
  {
    name: 'an exchange of a token whose session has ended (RFC 8693 §2.2.2)',
    run: async (desk) => {
      const { access_token, refresh_token } = await signedIn(desk, id);
      await revoke(desk, desk.client(id), refresh_token);
      await exchange(desk, desk.client(id), access_token);
    },
  },
  {
    name: 'an exchange of a token that was given back (RFC 8693 §2.2.2)',
    run: async (desk) => {
      const { access_token } = await signedIn(desk, id);
      await revoke(desk, desk.client(id), access_token);
      await exchange(desk, desk.client(id), access_token);
    },
  },
  {
    name: 'exchanges of tokens that have expired, or are nobody’s (RFC 8693 §2.2.2)',
    run: async (desk) => {
      const grantId = desk.sessionOf((await signedIn(desk, id)).refresh_token);
      for (const claims of [
        { exp: desk.seconds - 1 },
        { grantId: undefined },
        { clientId: 'nobody' },
        { kind: 'ClientCredentials', issuedAtMs: desk.seconds * 1000 },
        { aud: 'https://nobody.example.test' },
        { aud: undefined },
      ])
        await exchange(desk, desk.client(id), desk.seal({ grantId, clientId: id, ...claims }));
    },
  },
  {
    name: 'an exchange after which the session ends (RFC 8693 §2.2.1)',
    run: async (desk) => {
      const { access_token, refresh_token } = await signedIn(desk, id);
      const exchanged = (await exchange(desk, desk.client(id), access_token)).body.access_token;
      await introspect(desk, desk.client('jwt-api-basic'), exchanged);
      await revoke(desk, desk.client(id), refresh_token);
      await introspect(desk, desk.client('jwt-api-basic'), exchanged);
    },
  },
];

/** Clients that may not exchange, that cannot authenticate, or that come with other keys (RFC 8693 §2.1, RFC 9449 §6, RFC 8705 §3). */
const clients: readonly OwnCase[] = [
  ...confidentialWays.map(
    (way): OwnCase => ({
      name: `an exchange by ${way}-bearer that does not authenticate (RFC 8693 §2.1)`,
      run: async (desk) => {
        const { access_token } = await signedIn(desk, `${way}-bearer`);
        const sent = {
          grant_type: exchangeGrant,
          subject_token: access_token,
          subject_token_type: accessToken,
        };
        const known = { ...sent, resource: ledger, client_id: `${way}-bearer` };
        await desk.post('/token', known);
        await desk.post('/token', { ...known, client_secret: 'wrong' });
        await desk.post('/token', sent, { authorization: `Basic ${btoa(`${way}-bearer:wrong`)}` });
      },
    }),
  ),
  ...(['opaque-api-basic', 'opaque-api-post', 'none-bearer'] as const).map(
    (other): OwnCase => ({
      name: `an exchange by ${other}, which may not (RFC 8693 §2.1)`,
      run: async (desk) => {
        const { access_token } = await signedIn(desk, id);
        await exchange(desk, desk.client(other), access_token);
      },
    }),
  ),
  ...confidentialWays.map(
    (way): OwnCase => ({
      name: `exchanges by ${way}-key with proofs that are wrong (RFC 9449 §6)`,
      run: async (desk) => {
        const client = desk.client(`${way}-key`);
        const { access_token } = await signedIn(desk, client.id);
        const spent = proof(desk);
        for (const headers of [
          { dpop: undefined },
          { dpop: 'x.y.z' },
          proof(desk, '/token', {}, keys.other),
          proof(desk, '/introspection'),
          proof(desk, '/token', { claims: { nonce: 'x'.repeat(43) } }),
          spent,
          spent,
        ])
          await exchange(desk, client, access_token, { headers });
      },
    }),
  ),
  ...confidentialWays.map(
    (way): OwnCase => ({
      name: `exchanges by ${way}-certificate with certificates that are wrong (RFC 8705 §3)`,
      run: async (desk) => {
        const client = desk.client(`${way}-certificate`);
        const { access_token } = await signedIn(desk, client.id);
        for (const headers of [
          { ...by(desk, 'mine'), 'x-client-certificate': undefined },
          { 'x-client-certificate': 'MIIB' },
          by(desk, 'other'),
          by(desk, 'mine'),
        ])
          await exchange(desk, client, access_token, { headers });
      },
    }),
  ),
  {
    name: 'an exchange with every parameter twice (RFC 6749 §3.2)',
    run: async (desk) => {
      const { access_token } = await signedIn(desk, 'post-bearer');
      const { secret } = desk.client('post-bearer');
      const fields = Object.entries({
        grant_type: exchangeGrant,
        subject_token: access_token,
        subject_token_type: accessToken,
        requested_token_type: accessToken,
        scope: 'orders:read',
        resource: ledger,
        client_id: 'post-bearer',
        client_secret: secret,
      });
      for (const field of fields) await desk.post('/token', [...fields, field]);
    },
  },
];

/** Token exchanges, which the library does not know: our own answers, each by its section of RFC 8693. */
export const exchangesOfOurs: readonly OwnCase[] = [
  ...lives,
  ...types,
  ...apis,
  ...scopes,
  ...actors,
  ...subjects,
  ...clients,
];
