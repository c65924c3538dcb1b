import { setTimeout as pause } from 'node:timers/promises';
import { proxyTo } from '../support/proxy.js';
import { asHeader, deviceGrant, orders, ProtocolWorld } from './protocol-world.js';

describe('what is stored and logged', () => {
  let world: ProtocolWorld;
  beforeAll(async () => {
    world = await ProtocolWorld.start({ CURFEW_LOG_LEVEL: 'debug' });
  }, 60_000);
  afterAll(() => world?.stop());

  /** Every row of every table as text, bytes also as the text they may hold. */
  const dump = async (): Promise<string> => {
    const tables = await world.database.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
    );
    const texts = await Promise.all(
      tables.map(async ({ name }) =>
        JSON.stringify(await world.database.query(`SELECT t::text FROM "${name}" t`)),
      ),
    );
    const bytes = texts.flatMap((text) =>
      [...text.matchAll(/\\\\x([0-9a-f]{16,})/g)].map(([, hex]) =>
        Buffer.from(hex!, 'hex').toString('latin1'),
      ),
    );
    return [...texts, ...bytes].join('\n');
  };

  it('leaves nothing in the database or the log that opens a door', async () => {
    const { web, spa, tv, service } = world.clients;
    const { code, verifier, person } = await world.authorize(web, {
      resource: orders,
      scope: 'openid orders:read',
    });
    const unused = await world.authorize(web, {}, person);
    const first = (await world.redeem(web, code, verifier)).body;
    const second = (await world.refresh(web, first.refresh_token)).body;
    const other = (await world.signIn(spa)).body;
    const machine = (
      await world.post('/token', {
        grant_type: 'client_credentials',
        client_id: service.id,
        client_secret: service.secret,
      })
    ).body;
    const device = (await world.post('/device/authorization', { client_id: tv.id, scope: 'openid' })).body;
    await world.post('/token', {
      grant_type: deviceGrant,
      device_code: device.device_code,
      client_id: tv.id,
    });
    const pushed = await world.post('/par', { client_id: web.id, scope: 'openid' }, asHeader(web));
    await world.refresh(web, `${second.refresh_token}x`);
    await world.introspect(first.access_token);
    const { cookies } = person as unknown as { cookies: Map<string, { value: string }> };
    const secrets: Record<string, string> = {
      code,
      'unused code': unused.code,
      verifier,
      'refresh token': first.refresh_token,
      'live refresh token': second.refresh_token,
      'access token': first.access_token,
      'live access token': second.access_token,
      'public client': other.refresh_token,
      'machine token': machine.access_token,
      'device code': device.device_code,
      'user code': device.user_code.replace('-', ''),
      'client secret': web.secret,
      'posted secret': service.secret,
      password: world.data.accounts[0]!.password,
      ...(pushed.body.request_uri ? { request: pushed.body.request_uri.split(':').at(-1) } : {}),
      ...Object.fromEntries([...cookies].map(([name, { value }]) => [`cookie ${name}`, value])),
    };
    const [stored, logged] = [await dump(), world.server.output()];
    for (const [name, secret] of Object.entries(secrets)) {
      expect([name, secret.length]).toEqual([name, expect.any(Number)]);
      const core = secret.replace(/^cfw_[a-z]+_/, '');
      // Sixteen characters are 96 bits; the start of a refresh token is the id of its session, which is no secret.
      const parts = [core, core.slice(-16), core.length > 48 ? core.slice(32, 48) : core];
      // The same in bytes, as a column of bytes would show them.
      const bytes = Buffer.from(core, 'base64url');
      if (bytes.length >= 24)
        parts.push(bytes.subarray(-12).toString('hex'), bytes.subarray(24, 36).toString('hex'));
      for (const part of parts) {
        expect([name, stored.includes(part)]).toEqual([name, false]);
        expect([name, logged.includes(part)]).toEqual([name, false]);
      }
    }
  });
});

describe('a lost database', () => {
  let world: ProtocolWorld;
  let proxy: Awaited<ReturnType<typeof proxyTo>>;
  beforeAll(async () => {
    world = await ProtocolWorld.start(
      { CURFEW_DATABASE_CONNECT_TIMEOUT: '500ms', CURFEW_DATABASE_STATEMENT_TIMEOUT: '500ms' },
      async (url) => {
        proxy = await proxyTo(url);
        return proxy.url;
      },
    );
  }, 60_000);
  afterAll(async () => {
    await world?.stop();
    await proxy?.close();
  });

  it('answers 503 with Retry-After where the database is lost, and has revoked or used up nothing', async () => {
    const { web, spa, service } = world.clients;
    const tokens = (await world.signIn(web, { resource: orders, scope: 'openid orders:read' })).body;
    const { code, verifier } = await world.authorize(spa);
    proxy.cut();
    const answers = {
      refresh: await world.refresh(web, tokens.refresh_token),
      redeem: await world.redeem(spa, code, verifier),
      revoke: await world.revoke(web, tokens.refresh_token),
      introspect: await world.introspect(tokens.access_token),
      userinfo: await world.get('/userinfo', { authorization: `Bearer ${tokens.access_token}` }),
      machine: await world.post('/token', {
        grant_type: 'client_credentials',
        client_id: service.id,
        client_secret: service.secret,
      }),
      authorize: await world.get(`/authorize?client_id=${spa.id}`, { accept: 'text/html' }),
    };
    for (const [name, { status, headers }] of Object.entries(answers))
      expect([name, status, Number(headers.get('retry-after')) > 0]).toEqual([name, 503, true]);
    proxy.heal();
    const deadline = performance.now() + 20_000;
    while ((await world.introspect(tokens.access_token)).status !== 200) {
      expect(performance.now()).toBeLessThan(deadline);
      await pause(50);
    }
    expect((await world.redeem(spa, code, verifier)).status).toBe(200);
    expect((await world.introspect(tokens.access_token)).body.active).toBe(true);
    expect((await world.refresh(web, tokens.refresh_token)).status).toBe(200);
  }, 60_000);
});
