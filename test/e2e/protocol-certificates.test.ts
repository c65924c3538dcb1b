import { type ClientRegistration, ClientService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { instant } from '@curfew/session-policy';
import { createCertificates, thumbprintOf } from '../support/certificate.js';
import { asHeader, exchangeGrant, ledger, orders, ProtocolWorld, type TestClient } from './protocol-world.js';

class HostClock extends Clock {
  now() {
    return instant(performance.timeOrigin + performance.now());
  }
}

const header = 'x-client-certificate';
const forOrders = { resource: orders, scope: 'openid orders:read' };

let world: ProtocolWorld;
let mine: string;
let other: string;
let app: TestClient;
let machine: TestClient;

beforeAll(async () => {
  ({ mine, other } = createCertificates('mine', 'other'));
  world = await ProtocolWorld.start({
    CURFEW_TRUSTED_HOPS: '1',
    CURFEW_CLIENT_CERTIFICATE_HEADER: header,
  });
  app = await register(world, {
    redirect_uris: [world.callback],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
  });
  machine = await register(world, { grant_types: ['client_credentials'] });
}, 60_000);
afterAll(() => world?.stop());

/** A client whose tokens are bound to the certificate it comes with. */
async function register(
  { database }: ProtocolWorld,
  registration: Omit<ClientRegistration, 'client_name'>,
): Promise<TestClient> {
  const prisma = database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
  const clients = new ClientService({
    prisma,
    clock: new HostClock(),
    rules: { allowPrivateAddresses: true },
  });
  const { client, secret } = await clients.create({
    client_name: 'Bound',
    resources: [orders],
    tls_client_certificate_bound_access_tokens: true,
    ...registration,
  });
  return { id: client.id, secret: secret ?? '' } as TestClient;
}

/** As a proxy that ends TLS hands a certificate over. */
const by = (pem: string) => ({ [header]: encodeURIComponent(pem) });

const signIn = async () => {
  const { code, verifier } = await world.authorize(app, forOrders);
  return (await world.redeem(app, code, verifier, {}, by(mine))).body;
};

const ownToken = (headers: Record<string, string>) =>
  world.post(
    '/token',
    { grant_type: 'client_credentials', scope: 'orders:read' },
    {
      authorization: `Basic ${Buffer.from(`${machine.id}:${machine.secret}`).toString('base64')}`,
      ...headers,
    },
  );

describe('client certificates (RFC 8705)', () => {
  it('bind the access and the refresh token of a public client', async () => {
    const { access_token, refresh_token } = await signIn();
    const cnf = { 'x5t#S256': thumbprintOf(mine) };
    expect((await world.introspect(access_token)).body).toMatchObject({ active: true, cnf });
    const refreshed = await world.refresh(app, refresh_token, {}, by(mine));
    expect(refreshed.status).toBe(200);
    expect((await world.introspect(refreshed.body.access_token)).body).toMatchObject({ active: true, cnf });
    const [row] = await world.database.query<{ key_thumbprint: string }>(
      'SELECT key_thumbprint FROM session WHERE client_id = $1 ORDER BY id DESC LIMIT 1',
      [app.id],
    );
    expect(row).toEqual({ key_thumbprint: thumbprintOf(mine) });
  });

  it.each([
    ['another one', () => by(other)],
    ['none', () => ({})],
    ['one that cannot be read', () => ({ [header]: 'MIIB' })],
    [
      'two, of which one is the right one',
      () => ({ [header]: [by(mine), by(other)].map((one) => one[header]).join(', ') }),
    ],
  ])('refuse a refresh with %s, use nothing up and let the session live', async (_, headers) => {
    const { refresh_token } = await signIn();
    expect((await world.refresh(app, refresh_token, {}, headers())).body).toMatchObject({
      error: 'invalid_grant',
    });
    expect((await world.refresh(app, refresh_token, {}, by(mine))).status).toBe(200);
  });

  it('give a lost answer again to the same certificate only', async () => {
    const { refresh_token } = await signIn();
    const first = await world.refresh(app, refresh_token, {}, by(mine));
    expect((await world.refresh(app, refresh_token, {}, by(other))).body.error).toBe('invalid_grant');
    const again = await world.refresh(app, refresh_token, {}, by(mine));
    expect(again.body.refresh_token).toBe(first.body.refresh_token);
  });

  it('are asked of a machine, too, and bind its tokens', async () => {
    expect((await ownToken({})).body.error).toBe('invalid_grant');
    const { body } = await ownToken(by(mine));
    expect((await world.introspect(body.access_token)).body).toMatchObject({
      cnf: { 'x5t#S256': thumbprintOf(mine) },
    });
  });

  it('are asked for at the code, so that nobody gets unbound tokens for it', async () => {
    const { code, verifier } = await world.authorize(app, forOrders);
    expect((await world.redeem(app, code, verifier)).body.error).toBe('invalid_grant');
  });
});

describe('a token that is exchanged by a client with a certificate (RFC 8693, RFC 8705)', () => {
  const token_exchange = [{ resource: ledger, scope: 'orders:read' }];
  const exchange = (client: TestClient, subject_token: string, headers: Record<string, string>) => {
    const subject_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    const form = { grant_type: exchangeGrant, subject_token, subject_token_type, resource: ledger };
    return world.post('/token', form, { ...asHeader(client), ...headers });
  };
  const boundTo = async (token: string) =>
    (await world.introspect(token, world.clients.ledgerActor)).body.cnf?.['x5t#S256'];

  it('is bound to that certificate, and not to the one of the person’s client', async () => {
    const api = await register(world, {
      grant_types: [exchangeGrant],
      resource: orders,
      resources: [],
      token_exchange,
    });
    const { access_token: subject } = await signIn();
    expect((await exchange(api, subject, {})).body.error).toBe('invalid_grant');
    const { body } = await exchange(api, subject, by(other));
    expect(await boundTo(body.access_token)).toBe(thumbprintOf(other));
  });

  it('needs the certificate to which the client’s own token was bound', async () => {
    const agent = await register(world, {
      redirect_uris: [world.callback],
      grant_types: ['authorization_code', exchangeGrant],
      token_exchange,
    });
    const { code, verifier } = await world.authorize(agent, { resource: orders, scope: 'orders:read' });
    const { access_token } = (await world.redeem(agent, code, verifier, {}, by(mine))).body;
    for (const headers of [{}, by(other)])
      expect((await exchange(agent, access_token, headers)).body.access_token).toBeUndefined();
    const { body } = await exchange(agent, access_token, by(mine));
    expect(await boundTo(body.access_token)).toBe(thumbprintOf(mine));
  });
});

describe('a server that is handed no certificates', () => {
  it('refuses a session that was bound to one, and lets it live', async () => {
    const without = await ProtocolWorld.start();
    try {
      const { spa } = without.clients;
      const { refresh_token } = (await without.signIn(spa, forOrders)).body;
      const bind = (thumbprint: string | null, changes: string) =>
        without.database.query(
          `UPDATE session SET key_thumbprint = $1, "authorization" = ${changes} WHERE client_id = $2`,
          [thumbprint, spa.id],
        );
      await bind('x'.repeat(43), `"authorization" || '{"x5t#S256": "${'x'.repeat(43)}"}'`);
      for (const headers of [{}, by(mine)])
        expect(await without.refresh(spa, refresh_token, {}, headers)).toMatchObject({
          status: 400,
          body: { error: 'invalid_grant' },
        });
      await bind(null, `"authorization" - 'x5t#S256'`);
      expect((await without.refresh(spa, refresh_token)).status).toBe(200);
    } finally {
      await without.stop();
    }
  });

  it('does not serve clients that need one, and believes nobody’s header', async () => {
    const without = await ProtocolWorld.start();
    try {
      machine = await register(without, { grant_types: ['client_credentials'] });
      const credentials = Buffer.from(`${machine.id}:${machine.secret}`).toString('base64');
      for (const headers of [{}, by(mine)]) {
        const form = { grant_type: 'client_credentials', scope: 'orders:read' };
        const { status, body } = await without.post('/token', form, {
          authorization: `Basic ${credentials}`,
          ...headers,
        });
        expect([status, body.error]).toEqual([401, 'invalid_client']);
      }
    } finally {
      await without.stop();
    }
  });
});
