import { decodeJwt } from 'jose';
import { asHeader, orders, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

const forOrders = { resource: orders, scope: 'openid orders:read orders:write' };

describe('introspection (RFC 7662)', () => {
  it('tells the API a token is meant for all about it', async () => {
    const { web } = world.clients;
    const { body } = await world.signIn(web, forOrders);
    const answer = await world.introspect(body.access_token);
    expect(answer.body).toMatchObject({
      active: true,
      iss: world.issuer,
      client_id: web.id,
      aud: orders,
      sub: decodeJwt(body.id_token).sub,
      token_type: 'Bearer',
      scope: expect.stringContaining('orders:read'),
      exp: expect.any(Number),
      iat: expect.any(Number),
      sid: expect.any(String),
    });
    expect(answer.body.exp - answer.body.iat).toBe(body.expires_in);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  it('answers exactly {"active":false} to other APIs, for what is unknown, and for what is over', async () => {
    const { web, billingApi, other } = world.clients;
    const { body } = await world.signIn(web, forOrders);
    for (const caller of [billingApi, other])
      expect((await world.introspect(body.access_token, caller)).body).toEqual({ active: false });
    for (const token of ['x', 'cfw_at_x', body.access_token.slice(0, -1), `${body.access_token}A`])
      expect((await world.introspect(token)).body).toEqual({ active: false });
    await world.revoke(web, body.refresh_token);
    expect((await world.introspect(body.access_token)).body).toEqual({ active: false });
  });

  it('requires authentication and POST', async () => {
    const { body } = await world.signIn(world.clients.web, forOrders);
    expect((await world.post('/introspection', { token: body.access_token })).status).toBe(400);
    expect(
      (await world.post('/introspection', { token: body.access_token, client_id: world.clients.api.id }))
        .status,
    ).toBe(401);
    expect(
      (await world.introspect(body.access_token, { ...world.clients.api, secret: 'wrong' })).status,
    ).toBe(401);
    expect(
      (await world.get(`/introspection?token=${body.access_token}`, asHeader(world.clients.api))).status,
    ).toBe(405);
  });

  it('finds a token under a wrong hint', async () => {
    const { body } = await world.signIn(world.clients.web, forOrders);
    for (const token_type_hint of ['refresh_token', 'nonsense'])
      expect((await world.introspect(body.access_token, undefined, { token_type_hint })).body.active).toBe(
        true,
      );
  });

  it('tells nobody without a secret, and a client about its own refresh token', async () => {
    const { web } = world.clients;
    const { body } = await world.signIn(web);
    expect((await world.introspect(body.refresh_token, web)).body).toMatchObject({
      active: true,
      client_id: web.id,
    });
    const { spa } = world.clients;
    const own = await world.signIn(spa);
    expect(
      (await world.post('/introspection', { token: own.body.refresh_token, client_id: spa.id })).body.active,
    ).not.toBe(true);
  });

  it('forgets a token whose account or client was disabled', async () => {
    const { other } = world.clients;
    const { body } = await world.signIn(other, forOrders, world.person(1));
    expect((await world.introspect(body.access_token)).body.active).toBe(true);
    await world.database.query(
      `INSERT INTO not_before (kind, target, at, reason) VALUES ('client', $1, clock_timestamp(), 'client_disabled')
       ON CONFLICT (kind, target) DO UPDATE SET at = excluded.at`,
      [other.id],
    );
    expect((await world.introspect(body.access_token)).body).toEqual({ active: false });
    expect((await world.refresh(other, body.refresh_token)).body.error).toBe('invalid_grant');
  });
});

describe('revocation (RFC 7009)', () => {
  it('of a refresh token ends the session with every access token of it', async () => {
    const { web } = world.clients;
    const first = (await world.signIn(web, forOrders)).body;
    const second = (await world.refresh(web, first.refresh_token)).body;
    expect(await world.revoke(web, second.refresh_token)).toMatchObject({ status: 200, body: '' });
    for (const { access_token } of [first, second])
      expect((await world.introspect(access_token)).body).toEqual({ active: false });
    expect((await world.refresh(web, second.refresh_token)).body.error).toBe('invalid_grant');
  });

  it('of one access token leaves the session and its other tokens alone', async () => {
    const { web } = world.clients;
    const first = (await world.signIn(web, forOrders)).body;
    const second = (await world.refresh(web, first.refresh_token)).body;
    expect((await world.revoke(web, first.access_token)).status).toBe(200);
    expect((await world.introspect(first.access_token)).body).toEqual({ active: false });
    expect((await world.introspect(second.access_token)).body.active).toBe(true);
    expect((await world.refresh(web, second.refresh_token)).status).toBe(200);
  });

  it('answers 200 for what is unknown, over, or revoked 50 times at once', async () => {
    const { web } = world.clients;
    const { body } = await world.signIn(web);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => world.revoke(web, body.refresh_token)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    for (const token of ['x', 'cfw_rt_x', body.refresh_token])
      expect((await world.revoke(web, token)).status).toBe(200);
  });

  it('finds a token under a wrong hint', async () => {
    const { web } = world.clients;
    const { body } = await world.signIn(web);
    await world.revoke(web, body.refresh_token, { token_type_hint: 'access_token' });
    expect((await world.refresh(web, body.refresh_token)).body.error).toBe('invalid_grant');
  });

  it('never ends the session of another client, and a public client may revoke its own', async () => {
    const { web, other, spa } = world.clients;
    const { body } = await world.signIn(web);
    for (const stranger of [other, spa]) await world.revoke(stranger, body.refresh_token);
    expect((await world.refresh(web, body.refresh_token)).status).toBe(200);
    const own = await world.signIn(spa);
    await world.revoke(spa, own.body.refresh_token);
    expect((await world.refresh(spa, own.body.refresh_token)).body.error).toBe('invalid_grant');
  });

  it('requires authentication', async () => {
    const { web } = world.clients;
    const { body } = await world.signIn(web);
    expect((await world.post('/revocation', { token: body.refresh_token, client_id: web.id })).status).toBe(
      401,
    );
    expect((await world.refresh(web, body.refresh_token)).status).toBe(200);
  });
});
