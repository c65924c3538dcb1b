import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { jest } from '@jest/globals';
import { type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { letGoWhenAnswered } from './let-go.js';

/** Every value of an object's own, named by symbols or not, apart from its accessors. */
const valuesOf = (held: object): unknown[] =>
  Object.values(Object.getOwnPropertyDescriptors(held)).flatMap(({ value }) =>
    value === undefined ? [] : [value],
  );

/** A provider whose contexts are let go; `before` runs with each of them before the library does. */
async function serving(before: (ctx: KoaContextWithOIDC) => Promise<void>) {
  const seen: KoaContextWithOIDC[] = [];
  const provider = new Provider('http://localhost');
  const errors: unknown[] = [];
  provider.on('error' as never, (error: unknown) => errors.push(error));
  provider.use(async (given, next) => {
    const ctx = given as KoaContextWithOIDC;
    seen.push(ctx);
    await before(ctx)
      .then(next)
      .finally(() => letGoWhenAnswered(ctx));
  });
  const server = createServer(provider.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = () => new Promise((resolve) => server.close(resolve));
  return { port, seen, errors, stop };
}

function expectEmpty(ctx: KoaContextWithOIDC): void {
  const { oidc } = ctx;
  expect([ctx, ...(oidc ? [oidc] : [])].flatMap(valuesOf)).toEqual([]);
}

describe('a request to the library', () => {
  beforeEach(() => {
    // The library warns of a provider without keys and adapters of its own.
    for (const method of ['info', 'warn'] as const) jest.spyOn(console, method).mockImplementation(() => {});
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([
    ['that is answered', '/.well-known/openid-configuration', 200],
    ['that nothing answers', '/nothing', 404],
  ])('%s leaves nothing in its context', async (_, path, status) => {
    const { port, seen, errors, stop } = await serving(async () => {});
    const answer = await fetch(`http://127.0.0.1:${port}${path}`);
    expect(answer.status).toBe(status);
    await answer.text();
    await stop();
    expectEmpty(seen[0]!);
    expect(errors).toEqual([]);
  });

  it('whose caller broke off leaves nothing either, and Koa finds no fault', async () => {
    const caller = new Socket();
    const { port, seen, errors, stop } = await serving(async ({ res }) => {
      const closed = once(res, 'close');
      caller.destroy();
      await closed;
    });
    caller.connect({ host: '127.0.0.1', port });
    caller.write('GET /.well-known/openid-configuration HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await once(caller, 'close');
    await stop();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expectEmpty(seen[0]!);
    expect(errors).toEqual([]);
  });
});
