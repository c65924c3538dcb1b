import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type ClientRegistration, ClientService, ResourceService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { instant } from '@curfew/session-policy';
import type { TestDatabase } from '../support/database.js';
import { billing, deviceGrant, exchangeGrant, ledger, orders, reports } from './protocol-names.js';

/** A client as these tests use it. */
export interface TestClient {
  readonly id: string;
  readonly secret: string;
  readonly key: KeyObject;
}

export type ClientName =
  | 'web'
  | 'other'
  | 'spa'
  | 'robot'
  | 'lenientRobot'
  | 'boundRobot'
  | 'native'
  | 'nonce'
  | 'agent'
  | 'defaulted'
  | 'bound'
  | 'pushed'
  | 'tv'
  | 'service'
  | 'api'
  | 'billingApi'
  | 'ordersActor'
  | 'ledgerActor'
  | 'deputy'
  | 'grouped'
  | 'rs256'
  | 'eddsa';

class HostClock extends Clock {
  now() {
    return instant(performance.timeOrigin + performance.now());
  }
}

/** Registers APIs and clients of every kind; the two halves are called before and after the server has made its own. */
export async function register(database: TestDatabase, callback: string) {
  const prisma = database.prisma({ CURFEW_DATABASE_POOL_SIZE: '2' });
  const clock = new HostClock();
  const clients = new ClientService({ prisma, clock, rules: { allowPrivateAddresses: true } });
  const apis = new ResourceService(prisma, clock);
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwks = {
    keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'robot-1', alg: 'ES256', use: 'sig' }],
  };
  const code: Omit<ClientRegistration, 'client_name'> = {
    redirect_uris: [callback],
    grant_types: ['authorization_code', 'refresh_token'],
    resources: [orders, ledger],
  };
  const none = { token_endpoint_auth_method: 'none' } as const;
  const registrations: Record<ClientName, Omit<ClientRegistration, 'client_name'>> = {
    web: { ...code, post_logout_redirect_uris: [`${callback}/out`] },
    other: code,
    spa: { ...code, ...none },
    bound: { ...code, ...none, dpop_bound_access_tokens: true },
    grouped: { ...code, scope: 'openid groups' },
    pushed: { ...code, require_pushed_authorization_requests: true },
    rs256: { ...code, id_token_signed_response_alg: 'RS256' },
    eddsa: { ...code, id_token_signed_response_alg: 'EdDSA' },
    tv: { ...none, grant_types: [deviceGrant, 'refresh_token'], resources: [orders] },
    service: {
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['client_credentials'],
      resources: [orders],
    },
    robot: {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: jwks as never,
      grant_types: ['client_credentials'],
      resources: [orders],
    },
    lenientRobot: {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: jwks as never,
      grant_types: ['client_credentials', 'authorization_code'],
      redirect_uris: [callback],
      resources: [orders],
      assertion_audience: 'any',
    },
    boundRobot: {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: jwks as never,
      grant_types: ['client_credentials'],
      resources: [orders],
      dpop_bound_access_tokens: true,
    },
    native: {
      ...none,
      application_type: 'native',
      redirect_uris: ['com.example.app:/oauth2redirect', 'com.example.app://signed/in'],
      post_logout_redirect_uris: ['com.example.app:/signed-out'],
      grant_types: ['authorization_code', 'refresh_token'],
    },
    nonce: { ...code, require_pkce: false },
    // As MCP clients do: one API, no scope, public.
    agent: { ...code, ...none, resources: [reports, orders] },
    defaulted: {
      redirect_uris: [callback],
      grant_types: ['authorization_code', 'client_credentials', deviceGrant],
      resources: [orders],
      scope: 'orders:read orders:write email',
      default_scope: 'openid orders:read email',
    },
    api: { grant_types: [], resource: orders },
    billingApi: { grant_types: [], resource: billing },
    // APIs that act for people at other APIs.
    ordersActor: {
      grant_types: [exchangeGrant, 'client_credentials'],
      resource: orders,
      token_exchange: [{ resource: ledger, scope: 'orders:read', max_lifetime: 120 }],
    },
    ledgerActor: {
      grant_types: [exchangeGrant],
      resource: ledger,
      token_exchange: [
        { resource: orders, scope: 'orders:read', max_depth: 2 },
        { resource: billing, scope: 'billing:read' },
      ],
    },
    // An agent that people sign in to, and that acts for them at other APIs.
    deputy: {
      ...code,
      grant_types: ['authorization_code', 'refresh_token', exchangeGrant],
      token_exchange: [{ resource: ledger, scope: 'orders:read' }],
    },
  };
  const makeResources = async () => {
    const scopes = ['orders:read', 'orders:write'];
    const known = new Set(
      (await database.query<{ audience: string }>('SELECT audience FROM resource')).map(
        ({ audience }) => audience,
      ),
    );
    if (!known.has(orders)) await apis.create({ audience: orders, name: 'Orders', scopes });
    await apis.create({
      audience: reports,
      name: 'Reports',
      scopes: ['reports:read', 'reports:write'],
      defaultScopes: ['reports:read'],
    });
    await apis.create({ audience: billing, name: 'Billing', scopes: ['billing:read'] });
    await apis.create({ audience: ledger, name: 'Ledger', scopes: ['orders:read'], tokenFormat: 'jwt' });
  };
  const makeClients = async () => {
    const made: [string, TestClient][] = [];
    // One after the other: a pool of two has no connection for all of them at once within the time that a transaction waits.
    for (const [name, registration] of Object.entries(registrations)) {
      const named = { client_name: `Test ${name}`, ...registration };
      const { client, secret } = await clients.create(named, { id: `test-${name}` });
      made.push([name, { id: client.id, secret: secret ?? '', key: key.privateKey }]);
    }
    return Object.fromEntries(made) as Record<ClientName, TestClient>;
  };
  return [makeResources, makeClients] as const;
}
