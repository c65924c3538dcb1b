import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { jest } from '@jest/globals';
import { type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { letGoWhenAnswered } from './let-go.js';

/** Every value of an object's own, named by symbols or not, apart from its accessors. */
const valuesOf = (held: object): unknown[] =>
  Object.values(Object.getOwnPropertyDescriptors(held)).flatMap(({ value }) =>
    value === undefined ? [] : [value],
  );

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
    const seen: KoaContextWithOIDC[] = [];
    const provider = new Provider('http://localhost');
    provider.use((ctx, next) => {
      seen.push(ctx as KoaContextWithOIDC);
      return next().finally(() => letGoWhenAnswered(ctx as KoaContextWithOIDC));
    });
    const server = createServer(provider.callback()).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`);
    expect(answer.status).toBe(status);
    await answer.text();
    await new Promise((resolve) => server.close(resolve));
    const [ctx] = seen;
    expect(valuesOf(ctx!)).toEqual([]);
    const { oidc } = ctx!;
    expect(oidc ? valuesOf(oidc) : []).toEqual([]);
  });
});
