import type { Configuration } from 'oidc-provider';
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
