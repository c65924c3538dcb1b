import { randomUUID } from 'node:crypto';
import { contractsOf } from '../support/sources.js';
import type { AdminAnswer, AdminWorld } from './admin-world.js';
import { orders } from './admin-world.js';

/** One request of an operation, aimed at a target. */
interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly version?: number;
}

/** A target with power over the admin API, and what a caller must hold to touch it. */
interface Aimed {
  readonly target: string;
  readonly power: readonly string[] | 'all';
  readonly request: (world: AdminWorld) => Promise<Request>;
}

const encoded = encodeURIComponent;
const machine = { grant_types: ['client_credentials'] };

/** Registers a client as the operator of the first start. */
export async function madeClient(world: AdminWorld, members: object): Promise<AdminAnswer['body']> {
  const made = await world.post('/v1/clients', { client_name: 'Target', ...machine, ...members });
  if (made.status !== 201) throw new Error(made.text);
  return made.body;
}

/** Creates an account, with these scopes as an operator. */
export async function madeOperator(world: AdminWorld, scopes: readonly string[]): Promise<string> {
  const made = await world.post('/v1/accounts', { username: `o${randomUUID()}@example.test` });
  if (scopes.length > 0)
    await world.call('PUT', `/v1/accounts/${made.body.id}/operator`, { body: { scopes } });
  return made.body.id;
}

type Clients = Readonly<
  Record<string, readonly [power: Aimed['power'], members: (world: AdminWorld) => object]>
>;

/** Clients by what control of them is worth. */
const clients: Clients = {
  'a full administrator': ['all', ({ adminUrl }) => ({ resources: [adminUrl] })],
  'a client that answers for the admin API': [
    'all',
    ({ adminUrl }) => ({ grant_types: [], resource: adminUrl }),
  ],
  'a client that answers for another API': [['events:read'], () => ({ grant_types: [], resource: orders })],
  'a client that may rotate keys': [
    ['keys:rotate'],
    ({ adminUrl }) => ({ resources: [adminUrl], scope: 'keys:rotate' }),
  ],
  'a client of no power': [[], () => ({ resources: [orders] })],
};

const everyClient = (request: (client: AdminAnswer['body']) => Request): readonly Aimed[] =>
  Object.entries(clients).map(([target, [power, members]]) => ({
    target,
    power,
    request: async (world) => request(await madeClient(world, members(world))),
  }));

const everyAccount = (request: (id: string) => Request): readonly Aimed[] =>
  (
    [
      ['all', 'a full administrator'],
      [['keys:rotate'], 'an operator for keys'],
      [[], 'a person'],
    ] as const
  ).map(([power, target]) => ({
    target,
    power,
    request: async (world) =>
      request(await madeOperator(world, power === 'all' ? world.data.clients.admin.scope.split(' ') : power)),
  }));

const aimed = (target: string, power: Aimed['power'], request: Aimed['request']): Aimed => ({
  target,
  power,
  request,
});

const madeWebhook = async (world: AdminWorld): Promise<AdminAnswer['body']> =>
  (await world.post('/v1/receivers', { name: 'told', address: 'http://127.0.0.1:9/told' })).body;

async function attachedPolicy(world: AdminWorld, target: object): Promise<AdminAnswer['body']> {
  const name = `p${randomUUID()}`;
  const made = await world.post('/v1/policies', { name, settings: { basedOn: 'standard' } });
  await world.call('PUT', '/v1/policy-attachments', { body: { target, policy: name } });
  return made.body;
}

/** A policy of what has all power, and one of what has none. */
const onPolicy = (request: (name: string, world: AdminWorld) => Promise<Request>): readonly Aimed[] => [
  aimed('a policy of the admin API', 'all', async (world) => {
    const { name } = await attachedPolicy(world, { kind: 'resource', audience: world.adminUrl });
    return request(name, world);
  }),
  aimed('a policy of another API', [], async (world) => {
    const { name } = await attachedPolicy(world, { kind: 'resource', audience: orders });
    return request(name, world);
  }),
];

const adapting = {
  mode: 'propose',
  floor: '5m',
  ceiling: '1h',
  budget: { kind: 'sign_ins_per_person_day', max: 1 },
};

const settlesProposal =
  (word: 'approve' | 'decline') =>
  async (name: string, world: AdminWorld): Promise<Request> => {
    await world.call('PUT', `/v1/policies/${name}/adaptation`, { body: adapting });
    const id = randomUUID();
    await world.database.query(
      `INSERT INTO policy_proposal (id, policy, status, from_timeout, to_timeout, numbers, made_at) VALUES ($1, $2, 'open', 1800, 1380, '{}', now())`,
      [id, name],
    );
    return { method: 'POST', path: `/v1/policies/${name}/proposals/${id}/${word}`, body: {} };
  };

const route = (resource: string, name: string) => ({
  name,
  position: 1,
  hosts: ['orders.example.test'],
  resource,
  path: `/${name}`,
  public: true,
});
const unnamed = (resource: string) => {
  const { name: _, ...members } = route(resource, 'r');
  return members;
};
async function madeRoute(world: AdminWorld, resource: string): Promise<AdminAnswer['body']> {
  return (await world.post('/v1/gateway-routes', route(resource, `r${randomUUID().slice(0, 8)}`))).body;
}
const byResource = (request: (world: AdminWorld, resource: string) => Promise<Request>): readonly Aimed[] => [
  aimed('the admin API', 'all', (world) => request(world, world.adminUrl)),
  aimed('another API', [], (world) => request(world, orders)),
];

const toClient = (method: string, more: string, body?: unknown) =>
  everyClient(({ client_id, version }) => ({
    method,
    path: `/v1/clients/${client_id}${more}`,
    body,
    version,
  }));
const toAccount = (method: string, more: string, body?: unknown) =>
  everyAccount((id) => ({ method, path: `/v1/accounts/${id}${more}`, body }));
const byScim = (method: string, body?: unknown) =>
  everyAccount((id) => ({ method, path: `/scim/v2/Users/${id}`, body }));
/** A provider of its own for each request. */
const provider = () => ({
  issuer: `http://127.0.0.1:9/${randomUUID()}`,
  name: 'Provider',
  client_id: 'curfew',
  client_secret: 'given there',
});

const toProvider = (method: string, body?: object) => [
  aimed('an identity provider', 'all', async (world) => {
    const made = await world.post('/v1/identity-providers', { id: `p${randomUUID()}`, ...provider() });
    if (made.status !== 201) throw new Error(made.text);
    const { id, version } = made.body;
    return { method, path: `/v1/identity-providers/${id}`, body, version };
  }),
];

/** A transmitter of its own for each request. */
const transmitter = () => ({
  issuer: `http://127.0.0.1:9/${randomUUID()}`,
  audience: 'curfew',
  delivery: 'push',
  authorization: 'Bearer given to it there',
});

const toTransmitter = (method: string, body?: object) => [
  aimed('a transmitter', ['sessions:end'], async (world) => {
    const made = await world.post('/v1/transmitters', { id: `t${randomUUID()}`, ...transmitter() });
    if (made.status !== 201) throw new Error(made.text);
    const { id, version } = made.body;
    return { method, path: `/v1/transmitters/${id}`, body, version };
  }),
];

const toReceiver = (method: string, more: string, body?: unknown) => [
  aimed('a webhook', ['events:read'], async (world) => {
    const { id, version } = await madeWebhook(world);
    return { method, path: `/v1/receivers/${id}${more}`, body, version };
  }),
];

/**
 * Every operation that can hand out, take over, weaken or remove power over the admin API, with its targets. Ending sessions and
 * rotating keys removes nobody's power: a person who is signed out signs in again, and tokens for the admin API are opaque.
 */
export const aims: Readonly<Record<string, readonly Aimed[]>> = {
  createClient: Object.entries(clients).map(([target, [power, members]]) =>
    aimed(target, power, async (world) => ({
      method: 'POST',
      path: '/v1/clients',
      body: { client_name: 'Handed out', ...machine, ...members(world) },
    })),
  ),
  changeClient: [
    ...toClient('PATCH', '', { client_name: 'Changed' }),
    aimed('a client that becomes a full administrator', 'all', async (world) => {
      const { client_id, version } = await madeClient(world, {});
      return {
        method: 'PATCH',
        path: `/v1/clients/${client_id}`,
        body: { resources: [world.adminUrl] },
        version,
      };
    }),
    aimed('a client that becomes the API of others', ['events:read'], async (world) => {
      const { client_id, version } = await madeClient(world, {});
      return { method: 'PATCH', path: `/v1/clients/${client_id}`, body: { resource: orders }, version };
    }),
  ],
  disableClient: toClient('POST', '/disable', {}),
  enableClient: toClient('POST', '/enable', {}),
  deleteClient: toClient('DELETE', ''),
  rollOverClientSecret: toClient('POST', '/secrets', {}),
  deleteClientSecret: everyClient(({ client_id, secrets }) => ({
    method: 'DELETE',
    path: `/v1/clients/${client_id}/secrets/${secrets[0].id}`,
  })),
  createResource: [
    aimed('another API', [], async () => ({
      method: 'POST',
      path: '/v1/resources',
      body: { audience: `https://${randomUUID()}.example.test`, name: 'New', scopes: [] },
    })),
  ],
  changeResource: byResource(async (world, audience) => {
    const path = `/v1/resources/${encoded(audience)}`;
    return {
      method: 'PATCH',
      path,
      body: { name: 'Changed' },
      version: (await world.get(path)).body.version,
    };
  }),
  deleteResource: byResource(async (_, audience) => ({
    method: 'DELETE',
    path: `/v1/resources/${encoded(audience)}`,
  })),
  createGatewayRoute: byResource(async (_, resource) => ({
    method: 'POST',
    path: '/v1/gateway-routes',
    body: route(resource, `r${randomUUID().slice(0, 8)}`),
  })),
  changeGatewayRoute: [
    ...byResource(async (world, resource) => {
      const { name, version } = await madeRoute(world, resource);
      const { name: _, ...body } = route(orders, name);
      return { method: 'PUT', path: `/v1/gateway-routes/${name}`, body, version };
    }),
    aimed('a route that becomes one of the admin API', 'all', async (world) => {
      const { name, version } = await madeRoute(world, orders);
      const { name: _, ...body } = route(world.adminUrl, name);
      return { method: 'PUT', path: `/v1/gateway-routes/${name}`, body, version };
    }),
  ],
  deleteGatewayRoute: byResource(async (world, resource) => {
    const { name, version } = await madeRoute(world, resource);
    return { method: 'DELETE', path: `/v1/gateway-routes/${name}`, version };
  }),
  changePolicy: [
    ['the admin API', 'all', (world: AdminWorld) => ({ kind: 'resource', audience: world.adminUrl })],
    ['another API', [], () => ({ kind: 'resource', audience: orders })],
    [
      'a full administrator',
      'all',
      (world: AdminWorld) => ({ kind: 'client', client_id: world.data.clients.admin.client_id }),
    ],
  ].map(([target, power, attached]) =>
    aimed(target as string, power as Aimed['power'], async (world) => {
      const { name, version } = await attachedPolicy(
        world,
        (attached as (world: AdminWorld) => object)(world),
      );
      return {
        method: 'PUT',
        path: `/v1/policies/${name}`,
        body: { settings: { basedOn: 'kiosk' } },
        version,
      };
    }),
  ),
  setPolicyShadow: onPolicy(async (name) => ({
    method: 'PUT',
    path: `/v1/policies/${name}/shadow`,
    body: { inactivity_timeout: '5m' },
  })),
  removePolicyShadow: onPolicy(async (name, world) => {
    await world.call('PUT', `/v1/policies/${name}/shadow`, { body: { inactivity_timeout: '6m' } });
    return { method: 'DELETE', path: `/v1/policies/${name}/shadow` };
  }),
  setPolicyAdaptation: onPolicy(async (name) => ({
    method: 'PUT',
    path: `/v1/policies/${name}/adaptation`,
    body: adapting,
  })),
  removePolicyAdaptation: onPolicy(async (name, world) => {
    await world.call('PUT', `/v1/policies/${name}/adaptation`, { body: adapting });
    return { method: 'DELETE', path: `/v1/policies/${name}/adaptation` };
  }),
  approvePolicyProposal: onPolicy(settlesProposal('approve')),
  declinePolicyProposal: onPolicy(settlesProposal('decline')),
  stopAdaptation: onPolicy(async (policy, world) => {
    await world.call('PUT', `/v1/policies/${policy}/adaptation`, { body: adapting });
    return { method: 'POST', path: '/v1/adaptation/stop', body: { policy } };
  }),
  attachPolicy: byResource(async (_, audience) => ({
    method: 'PUT',
    path: '/v1/policy-attachments',
    body: { target: { kind: 'resource', audience }, policy: 'kiosk' },
  })),
  detachPolicy: byResource(async (_, audience) => ({
    method: 'POST',
    path: '/v1/policy-attachments/detach',
    body: { target: { kind: 'resource', audience } },
  })),
  deleteAccount: toAccount('DELETE', ''),
  erasePersonalData: toAccount('POST', '/erase', {}),
  disableAccount: toAccount('POST', '/disable', {}),
  enableAccount: toAccount('POST', '/enable', {}),
  setPassword: toAccount('PUT', '/password', {}),
  requireNewPassword: toAccount('POST', '/require-password', {}),
  withdrawConsent: toAccount('DELETE', '/consents/nobody'),
  removeFactors: toAccount('DELETE', '/factors'),
  unlinkIdentity: toAccount('POST', '/unlink-identity', {
    issuer: 'https://idp.example.test',
    subject: 'nobody',
  }),
  forgetBrowsers: toAccount('DELETE', '/remembered-browsers'),
  changeAccount: toAccount('PATCH', '', { display_name: 'Changed' }),
  inviteAccount: toAccount('POST', '/invite', {}),
  confirmEmail: toAccount('POST', '/confirm-email', {}),
  setOperator: [
    ...toAccount('PUT', '/operator', { scopes: [] }),
    aimed('a person who becomes an operator for keys', ['keys:rotate'], async (world) => ({
      method: 'PUT',
      path: `/v1/accounts/${await madeOperator(world, [])}/operator`,
      body: { scopes: ['keys:rotate'] },
    })),
  ],
  applyDescription: [
    ...byResource(async (_, audience) => ({
      method: 'POST',
      path: '/v1/apply',
      body: { description: { gateway_routes: { [`r${randomUUID().slice(0, 8)}`]: unnamed(audience) } } },
    })),
    aimed('a full administrator', 'all', async (world) => ({
      method: 'POST',
      path: '/v1/apply',
      body: {
        description: {
          clients: {
            [(await madeClient(world, { resources: [world.adminUrl] })).client_id]: {
              client_name: 'Changed',
            },
          },
        },
      },
    })),
    aimed('the admin API as a resource', 'all', async (world) => ({
      method: 'POST',
      path: '/v1/apply',
      body: {
        description: {
          resources: {
            [world.adminUrl]: {
              name: `Changed ${randomUUID()}`,
              scopes: world.data.clients.admin.scope.split(' '),
            },
          },
        },
      },
    })),
  ],
  createIdentityProvider: [
    aimed('an identity provider', 'all', async () => ({
      method: 'POST',
      path: '/v1/identity-providers',
      body: { id: `p${randomUUID()}`, ...provider() },
    })),
  ],
  changeIdentityProvider: toProvider('PUT', { ...provider(), name: 'Changed' }),
  deleteIdentityProvider: toProvider('DELETE'),
  createTransmitter: [
    aimed('a transmitter', ['sessions:end'], async () => ({
      method: 'POST',
      path: '/v1/transmitters',
      body: { id: `t${randomUUID()}`, ...transmitter() },
    })),
  ],
  changeTransmitter: toTransmitter('PUT', { ...transmitter(), audience: 'changed' }),
  deleteTransmitter: toTransmitter('DELETE'),
  createWebhook: [
    aimed('a webhook', ['events:read'], async () => ({
      method: 'POST',
      path: '/v1/receivers',
      body: { name: 'listener', address: 'http://127.0.0.1:9/told' },
    })),
  ],
  changeWebhook: toReceiver('PUT', '', { name: 'moved', address: 'http://127.0.0.1:9/elsewhere' }),
  deleteReceiver: toReceiver('DELETE', ''),
  scimChange: byScim('PATCH', { Operations: [{ op: 'replace', path: 'active', value: false }] }),
  scimReplace: byScim('PUT', { userName: 'replaced@example.test' }),
  scimDelete: byScim('DELETE'),
  rotateWebhookSecret: toReceiver('POST', '/secret', {}),
  redriveDeadLetters: toReceiver('POST', '/redrive', {}),
};

/** The operations whose contract says that they change nobody's power; every other one that is not in `aims` only reads. */
export const powerless: readonly string[] = contractsOf('apps/admin-api')
  .filter((contract) => contract.has('powerless'))
  .map((contract) => contract.get('id')!);

/** A full administrator who is signed in: their account, session and browser. */
interface SignedInAdministrator {
  readonly account: string;
  readonly session: string;
  readonly browser: string;
}

async function signedInAdministrator(world: AdminWorld): Promise<SignedInAdministrator> {
  const { username } = world.data.accounts[0]!;
  const { items } = (await world.get(`/v1/accounts?prefix=${encoded(username)}`)).body;
  const account = items[0].id as string;
  const body = { scopes: world.data.clients.admin.scope.split(' ') };
  await world.call('PUT', `/v1/accounts/${account}/operator`, { body });
  const { sid: session } = await world.signIn();
  const browsers = (await world.get(`/v1/browsers?account=${account}&state=live`)).body;
  return { account, session, browser: browsers.items[0].uid };
}

/** One request of an operation that changes nobody's power: the values in its path, and its body. */
interface MildRequest {
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The status where its own scope is not enough to carry it out. */
  readonly refused?: number;
}

type Mild = (world: AdminWorld) => MildRequest | Promise<MildRequest>;

const toAdministrator =
  (request: (administrator: SignedInAdministrator) => MildRequest): Mild =>
  async (world) =>
    request(await signedInAdministrator(world));

const madePlay = async (world: AdminWorld): Promise<string> => {
  const id = randomUUID();
  await world.database.query(
    `INSERT INTO scenario_play (id, scenario, started_by, started_at, client_id, state, seen_at)
     VALUES ($1, 'two-tabs', '{"kind":"client","id":null}', now(), 'gone', 'passed', now())`,
    [id],
  );
  return id;
};

const host = 'mild.example.test';
const newName = () => `mild${randomUUID()}@example.test`;

/** A request of each powerless operation that is carried out, aimed at an administrator or the admin API where it takes a target. */
export const mild: Readonly<Record<string, Mild>> = {
  createPolicy: () => ({ body: { name: `p${randomUUID()}`, settings: { basedOn: 'kiosk' } } }),
  lintPolicy: () => ({ body: { settings: { basedOn: 'kiosk' }, attached_to: 'everyone' } }),
  previewPolicy: ({ adminUrl }) => ({
    body: { name: 'kiosk', attach_to: { kind: 'resource', audience: adminUrl } },
  }),
  endBrowser: toAdministrator(({ browser }) => ({ params: { uid: browser } })),
  endSession: toAdministrator(({ session }) => ({ params: { id: session } })),
  endSessions: toAdministrator(({ account }) => ({ body: { selection: { account } } })),
  revokeGlobally: toAdministrator(({ account }) => ({ body: { sub_id: { format: 'opaque', id: account } } })),
  exportPersonalData: toAdministrator(({ account }) => ({ params: { id: account }, body: {} })),
  createAccount: () => ({ body: { username: newName() } }),
  importAccounts: () => ({
    body: { format: 'jsonl', content: JSON.stringify({ username: newName(), groups: ['administrators'] }) },
  }),
  scimCreate: () => ({
    body: { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: newName() },
  }),
  // Its player acts with more scopes than this one, so that a caller must have them all.
  playScenario: () => ({ params: { name: 'two-tabs' }, refused: 403 }),
  stopScenarioPlay: async (world) => ({ params: { id: await madePlay(world) } }),
  advanceClock: () => ({ body: { seconds: 1 } }),
  markRelease: ({ data }) => ({ body: { client_id: data.clients.admin.client_id } }),
  allowClientHost: () => ({ params: { host }, body: { resources: [orders] } }),
  revokeClientHost: async (world) => {
    await world.call('PUT', `/v1/client-hosts/${host}`, { body: { resources: [orders] } });
    return { params: { host } };
  },
  rotateKeys: () => ({ body: { alg: 'EdDSA' } }),
  withdrawKey: async (world) => {
    const { items } = (await world.post('/v1/keys/rotate', { alg: 'EdDSA' })).body;
    return { params: { kid: items.find(({ state }: { state: string }) => state === 'upcoming').kid } };
  },
};

/** The tables that say who has power. */
const tables = [
  'client',
  'client_secret',
  'resource',
  'operator',
  'account',
  'policy_attachment',
  'policy',
  'gateway_route',
  'identity_provider',
  'linked_identity',
  'transmitter',
  'delivery_receiver',
];

/** The tables whose new rows give nobody power: it takes a row of another table, which the operations in `aims` write. */
const empty = ['account', 'policy'];

/** The rows of each of those tables, each as one text. */
export async function powers(world: AdminWorld): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await Promise.all(
    tables.map((table) => world.database.query<{ row: string }>(`SELECT t::text AS row FROM ${table} t`)),
  );
  return new Map(tables.map((table, index) => [table, new Set(rows[index]!.map(({ row }) => row))]));
}

/** The tables with rows that were changed or removed, and those with new ones that may give power. */
export const powersChanged = (
  before: Awaited<ReturnType<typeof powers>>,
  after: Awaited<ReturnType<typeof powers>>,
): readonly string[] =>
  tables.filter((table) => {
    const [old, now] = [before.get(table)!, after.get(table)!];
    const isKept = [...old].every((row) => now.has(row));
    return !isKept || (now.size > old.size && !empty.includes(table));
  });

/** A fingerprint of each table that says who has power. */
export async function standing(world: AdminWorld): Promise<Record<string, string>> {
  const of = (table: string) =>
    `(SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM ${table} t) AS ${table}`;
  const told = `(SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM delivery_receiver t WHERE kind = 'webhook') AS told`;
  const [row] = await world.database.query<Record<string, string>>(
    `SELECT ${[...tables.filter((table) => table !== 'delivery_receiver').map(of), told].join(', ')}`,
  );
  return row!;
}
