import { type Configuration, errors, Provider } from 'oidc-provider';
import { type RunningProvider, startProvider } from './oidc-provider-under-test.js';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

describe('oidc-provider, the device flow', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

  const tv = {
    client_id: 'tv',
    token_endpoint_auth_method: 'none',
    grant_types: [GRANT, 'refresh_token'],
    response_types: [],
    redirect_uris: [],
  };
  const configuration: Configuration = {
    clients: [tv] as never,
    features: { deviceFlow: { enabled: true, mask: '****-****', charset: 'base-20' } },
  };
  const begin = () => running.post('/device/auth', { client_id: 'tv', scope: 'openid' });
  const poll = (device_code: string, client_id = 'tv') =>
    running.post('/token', { grant_type: GRANT, device_code, client_id });

  async function approve(userCode: string) {
    const { provider } = running;
    const code = await provider.DeviceCode.findByUserCode(userCode.replace('-', ''));
    const grant = new provider.Grant({ accountId: 'alice', clientId: 'tv' });
    grant.addOIDCScope('openid');
    Object.assign(code!, { accountId: 'alice', grantId: await grant.save(), scope: 'openid', authTime: 1 });
    await code!.save();
  }

  it('says authorization_pending to any speed of polling and never slow_down', async () => {
    running = await startProvider(configuration);
    const { body } = await begin();
    const errorsSeen = await Promise.all(
      [1, 2, 3, 4].map(async () => (await poll(body.device_code)).body.error),
    );
    expect(errorsSeen).toEqual(Array(4).fill('authorization_pending'));
    expect(body.interval).toBeUndefined();
  });

  it('lets a middleware turn a pending answer into slow_down, knowing client and device code', async () => {
    const polled: unknown[] = [];
    running = await startProvider(configuration, (provider) => {
      provider.use(async (ctx, next) => {
        await next();
        if ((ctx.body as { error?: string } | undefined)?.error !== 'authorization_pending') return;
        polled.push([ctx.oidc.route, ctx.oidc.client?.clientId, ctx.oidc.params?.['device_code']]);
        if (polled.length > 1) ctx.body = { error: 'slow_down' };
      });
    });
    const { body } = await begin();
    expect((await poll(body.device_code)).body).toMatchObject({ error: 'authorization_pending' });
    expect(await poll(body.device_code)).toMatchObject({ status: 400, body: { error: 'slow_down' } });
    expect(polled[0]).toEqual(['token', 'tv', body.device_code]);
    await approve(body.user_code);
    expect((await poll(body.device_code)).status).toBe(200);
  });

  it('lets adapter.find throw slow_down, but before it is known whether the code belongs to the client', async () => {
    running = await startProvider(configuration);
    const { body } = await begin();
    running.store.before['find DeviceCode'] = () => {
      if (Provider.ctx?.oidc.route === 'token') throw new errors.SlowDown();
    };
    expect(await poll(body.device_code)).toMatchObject({ status: 400, body: { error: 'slow_down' } });
  });

  it('lets a middleware add interval to the device authorization answer', async () => {
    running = await startProvider(configuration, (provider) => {
      provider.use(async (ctx, next) => {
        await next();
        if (ctx.oidc?.route === 'device_authorization' && ctx.status === 200) {
          ctx.body = { ...(ctx.body as object), interval: 5 };
        }
      });
    });
    expect((await begin()).body).toMatchObject({ interval: 5, expires_in: 600 });
  });

  it('consumes the device code before the grant is looked at, by adapter.consume alone', async () => {
    running = await startProvider(configuration);
    const { body } = await begin();
    await approve(body.user_code);
    const from = running.store.calls.length;
    expect((await poll(body.device_code)).status).toBe(200);
    const trail = running.store.trail(from).filter((call) => !call.includes('Client'));
    expect(trail.slice(0, 3)).toEqual(['find DeviceCode', 'consume DeviceCode', 'find Grant']);
  });

  it('ends the grant when a consumed device code comes again', async () => {
    running = await startProvider(configuration);
    const { body } = await begin();
    await approve(body.user_code);
    await poll(body.device_code);
    const from = running.store.calls.length;
    expect((await poll(body.device_code)).body.error).toBe('invalid_grant');
    expect(running.store.trail(from)).toEqual(
      expect.arrayContaining(['revokeByGrantId DeviceCode', 'destroy Grant']),
    );
  });

  it('takes the session id for tokens of a device from DeviceCode.sid and the offered resource from DeviceCode.resource', async () => {
    running = await startProvider(configuration);
    const { body } = await begin();
    await approve(body.user_code);
    const code = await running.provider.DeviceCode.find(body.device_code);
    Object.assign(code!, { sid: 'session-1' });
    await code!.save();
    await poll(body.device_code);
    expect(running.store.of('AccessToken')[0]).toMatchObject({
      sid: 'session-1',
      gty: GRANT.split(':').at(-1),
    });
  });

  it('fails with 500 where it refuses a browser without cookie, because it stores a session again that never was', async () => {
    running = await startProvider(configuration, (provider) => {
      provider.silent = true;
    });
    expect((await running.post('/device', { user_code: 'X' })).status).toBe(500);
    expect((await fetch(`${running.url}/device/unknown`)).status).toBe(500);
    expect(running.errors).toEqual([]);
  });

  it('does not, once Session.prototype.persist lets sessions go that were never stored', async () => {
    running = await startProvider(configuration, (provider) => {
      const { prototype } = provider.Session as unknown as {
        prototype: { exp?: number; persist(): Promise<unknown> };
      };
      const { persist } = prototype;
      prototype.persist = async function () {
        return typeof this.exp === 'number' ? persist.call(this) : undefined;
      };
    });
    expect((await running.post('/device', { user_code: 'X' })).status).toBe(400);
    expect((await fetch(`${running.url}/device/unknown`)).status).toBe(400);
  });

  it('keeps the user code in the payload and finds it there again in constant time', async () => {
    running = await startProvider(configuration);
    const { body } = await begin();
    expect(body.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(running.store.of('DeviceCode')[0]).toMatchObject({ userCode: body.user_code.replace('-', '') });
  });
});
