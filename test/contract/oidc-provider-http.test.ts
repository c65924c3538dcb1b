import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Configuration, errors, Provider } from 'oidc-provider';
import { asClient, type RunningProvider, startProvider } from './oidc-provider-under-test.js';

/** fetch() will not send a Host of our choice; node:http does. */
function withHost(url: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    http
      .get(url, { headers }, (response) => {
        let body = '';
        response
          .on('data', (chunk) => (body += chunk))
          .on('end', () => resolve({ status: response.statusCode!, body }));
      })
      .on('error', reject);
  });
}

/** A host of the test's own in front of a Provider. */
async function serving(handle: http.RequestListener): Promise<{ url: string; close: () => Promise<void> }> {
  const server = http.createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

describe('oidc-provider, at the edge of HTTP', () => {
  let running: RunningProvider;
  afterEach(() => running.close());

  describe('middleware added with provider.use', () => {
    it('runs around the router and sees the final status and body, errors included', async () => {
      const seen: unknown[] = [];
      running = await startProvider({}, (provider) => {
        provider.use(async (ctx, next) => {
          await next();
          seen.push([ctx.oidc?.route, ctx.status, (ctx.body as { error?: string })?.error ?? 'fine']);
        });
      });
      const { body } = await running.signIn();
      await running.refresh('unknown');
      running.store.before['find RefreshToken'] = () => {
        throw new Error('boom');
      };
      await running.refresh(body.refresh_token);
      expect(seen.slice(-3)).toEqual([
        ['token', 200, 'fine'],
        ['token', 400, 'invalid_grant'],
        ['token', 500, 'server_error'],
      ]);
    });

    it('can replace status, body and headers after next()', async () => {
      running = await startProvider({}, (provider) => {
        provider.use(async (ctx, next) => {
          await next();
          if (ctx.oidc?.route !== 'token') return;
          ctx.status = 503;
          ctx.body = { error: 'temporarily_unavailable' };
          ctx.set('retry-after', '1');
        });
      });
      const answer = await running.refresh('unknown');
      expect([answer.status, answer.body, answer.headers.get('retry-after')]).toEqual([
        503,
        { error: 'temporarily_unavailable' },
        '1',
      ]);
    });

    it('awaits what it does after next() before the answer leaves, and a throw there becomes a bare 500', async () => {
      let commits = 0;
      running = await startProvider({}, (provider) => {
        provider.silent = true;
        provider.use(async (_ctx, next) => {
          await next();
          await new Promise((resolve) => setTimeout(resolve, 20));
          commits += 1;
          if (commits > 1) throw new Error('commit failed');
        });
      });
      await running.refresh('unknown');
      expect(commits).toBe(1);
      expect(await running.refresh('unknown')).toMatchObject({ status: 500, body: 'Internal Server Error' });
    });

    it('shares an AsyncLocalStorage opened around next() with hooks and adapter, and runs before ctx.oidc exists', async () => {
      const { AsyncLocalStorage } = await import('node:async_hooks');
      const storage = new AsyncLocalStorage<{ seen: string[] }>();
      const scope = { seen: [] as string[] };
      running = await startProvider(
        {
          rotateRefreshToken: async () => {
            storage.getStore()?.seen.push('hook');
            return true;
          },
        },
        (provider) => {
          provider.use(async (ctx, next) => {
            scope.seen.push(`oidc ${typeof ctx.oidc}`);
            await storage.run(scope, next);
          });
        },
      );
      const { body } = await running.signIn();
      running.store.before['upsert RefreshToken'] = () => void storage.getStore()?.seen.push('adapter');
      await running.refresh(body.refresh_token);
      expect(scope.seen.slice(-3)).toEqual(['oidc undefined', 'hook', 'adapter']);
    });

    it('leaves ctx.oidc undefined for paths that no route matches', async () => {
      let oidc: unknown = 'unset';
      running = await startProvider({}, (provider) => {
        provider.use(async (ctx, next) => {
          await next();
          oidc = ctx.oidc;
        });
      });
      expect((await fetch(`${running.url}/nothing`)).status).toBe(404);
      expect(oidc).toBeUndefined();
    });
  });

  describe('errors', () => {
    it('hides an unexpected error in 500 server_error and reports it by the server_error event', async () => {
      running = await startProvider();
      running.store.before['find Client'] = () => {
        throw new Error('password=hunter2 in a driver message');
      };
      const answer = await running.refresh('x');
      expect([answer.status, answer.body]).toEqual([
        500,
        { error: 'server_error', error_description: 'oops! something went wrong' },
      ]);
      expect(running.errors.map(({ message }) => message)).toEqual(['password=hunter2 in a driver message']);
    });

    it('exposes only errors of its own classes: their status, error and description, never error_detail', async () => {
      running = await startProvider();
      running.store.before['find RefreshToken'] = () => {
        throw new errors.InvalidGrant('a detail for the log');
      };
      const { status, body } = await running.refresh('x');
      expect([status, body]).toEqual([
        400,
        { error: 'invalid_grant', error_description: 'grant request is invalid' },
      ]);
      expect(running.errors).toEqual([]);
    });

    it('gives the detail to the grant.error event', async () => {
      const details: unknown[] = [];
      running = await startProvider({}, (provider) => {
        provider.on('grant.error', (_ctx, error) =>
          details.push((error as errors.OIDCProviderError).error_detail),
        );
      });
      await running.refresh('unknown');
      expect(details).toEqual(['refresh token not found']);
    });

    it('answers in HTML through renderError only to those who prefer it', async () => {
      const renderError: Configuration['renderError'] = (ctx, out) => {
        ctx.type = 'html';
        ctx.body = `page: ${out.error}`;
      };
      running = await startProvider({ renderError });
      const asPage = await running.post('/token', {}, { accept: 'text/html' });
      expect([asPage.status, asPage.body]).toEqual([400, 'page: invalid_request']);
      expect((await running.post('/token', {}, { accept: '*/*' })).body.error).toBe('invalid_request');
    });

    it('says invalid_request for a grant type the client may not use (T19)', async () => {
      running = await startProvider({ features: { clientCredentials: { enabled: true } } });
      const { body } = await running.post('/token', { grant_type: 'client_credentials' }, asClient('web'));
      expect(body.error).toBe('invalid_request');
    });

    it('sends Cache-Control: no-store and no Pragma with tokens (T19)', async () => {
      running = await startProvider();
      const { headers } = await running.signIn();
      expect([headers.get('cache-control'), headers.get('pragma')]).toEqual(['no-store', null]);
    });
  });

  describe('Host and forwarded headers (T16)', () => {
    const discovery = () => `${running.url}/.well-known/openid-configuration`;

    it('builds every endpoint URL from the Host of the request, only issuer is constant', async () => {
      running = await startProvider();
      const document = JSON.parse((await withHost(discovery(), { host: 'evil.test' })).body);
      expect(document.issuer).toBe(running.url);
      expect(document.token_endpoint).toBe('http://evil.test/token');
    });

    it('ignores X-Forwarded-* until provider.proxy is true, and then believes host, protocol and client address', async () => {
      const ips: string[] = [];
      running = await startProvider({}, (provider) => {
        provider.use(async (ctx, next) => {
          ips.push(ctx.ip);
          await next();
        });
      });
      const spoofed = {
        'x-forwarded-host': 'evil.test',
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '6.6.6.6',
      };
      expect(JSON.parse((await withHost(discovery(), spoofed)).body).token_endpoint).toBe(
        `${running.url}/token`,
      );
      running.provider.proxy = true;
      expect(JSON.parse((await withHost(discovery(), spoofed)).body).token_endpoint).toBe(
        'https://evil.test/token',
      );
      expect(ips).toEqual(['127.0.0.1', '6.6.6.6']);
    });

    it('puts the prefix it is mounted at before its paths when the host framework says so in originalUrl', async () => {
      running = await startProvider();
      const callback = running.provider.callback();
      const mounted = await serving((request, response) => {
        Object.assign(request, { originalUrl: request.url, url: request.url!.slice('/tenant'.length) });
        callback(request, response);
      });
      const document = await (await fetch(`${mounted.url}/tenant/.well-known/openid-configuration`)).json();
      expect(document.token_endpoint).toBe(`${mounted.url}/tenant/token`);
      await mounted.close();
    });
  });

  describe('bodies', () => {
    it('reads form encoding only', async () => {
      running = await startProvider();
      const json = await fetch(`${running.url}/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...asClient('web') },
        body: JSON.stringify({ grant_type: 'refresh_token', refresh_token: 'x' }),
      });
      expect([json.status, (await json.json()).error]).toEqual([400, 'invalid_request']);
    });

    it('takes a body that the host has parsed already from req.body', async () => {
      running = await startProvider();
      const callback = running.provider.callback();
      const host = await serving((request, response) => {
        Object.assign(request, { body: { grant_type: 'refresh_token', refresh_token: 'x' } });
        request.resume().once('end', () => callback(request, response));
      });
      const form = new URLSearchParams({ grant_type: 'refresh_token' });
      const response = await fetch(`${host.url}/token`, {
        method: 'POST',
        headers: asClient('web'),
        body: form,
      });
      expect((await response.json()).error).toBe('invalid_grant');
      await host.close();
    });

    it('refuses a repeated parameter', async () => {
      running = await startProvider();
      const response = await fetch(`${running.url}/token`, {
        method: 'POST',
        headers: asClient('web'),
        body: new URLSearchParams('grant_type=refresh_token&refresh_token=a&refresh_token=b'),
      });
      expect([response.status, (await response.json()).error]).toEqual([400, 'invalid_request']);
    });

    it('takes a body of up to 56 KB and answers a larger one with a client error', async () => {
      running = await startProvider();
      const answer = await running.post(
        '/token',
        { grant_type: 'refresh_token', refresh_token: 'x'.repeat(60_000) },
        asClient('web'),
      );
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    });
  });

  it('exposes the running context as Provider.ctx inside a request, and nothing outside', async () => {
    const routes: unknown[] = [];
    running = await startProvider({
      extraTokenClaims: async () => {
        routes.push(Provider.ctx?.oidc.route);
        return undefined;
      },
    });
    await running.signIn();
    expect(routes).toEqual(['token']);
    expect(Provider.ctx).toBeUndefined();
  });
});
