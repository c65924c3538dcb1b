import { randomUUID } from 'node:crypto';
import { AdminWorld } from './admin-world.js';

let world: AdminWorld;
beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterAll(() => world?.stop());

it('APIs are found by a part of their audience or name, in any case of letters, page by page', async () => {
  const host = `${randomUUID().slice(0, 8)}.example.test`;
  for (const [path, name] of [
    ['a', 'Ledger 100%'],
    ['b', 'Wages'],
    ['c_d', 'the ledger of wages'],
  ])
    await world.post('/v1/resources', { audience: `https://${host}/${path}`, name, scopes: [] });
  const found = async (search: string) => {
    const all: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query = new URLSearchParams({ search, limit: '1', ...(cursor ? { cursor } : {}) });
      const { body } = await world.get(`/v1/resources?${query}`);
      all.push(...body.items.map(({ audience }: { audience: string }) => audience));
      cursor = body.next_cursor;
    }
    return all.map((audience) => audience.replace(`https://${host}/`, ''));
  };
  expect(await found(host.toUpperCase())).toEqual(['a', 'b', 'c_d']);
  expect(await found('LEDGER')).toEqual(['a', 'c_d']);
  // The wildcards of LIKE stand for themselves.
  expect([await found('100%'), await found('c_d'), await found('c%d'), await found('_')]).toEqual([
    ['a'],
    ['c_d'],
    [],
    ['c_d'],
  ]);
  const { body } = await world.get('/v1/resources?search=ledger&limit=1');
  const other = await world.get(`/v1/resources?search=wages&cursor=${body.next_cursor}`);
  expect([other.status, other.body.code]).toEqual([400, 'invalid_cursor']);
  expect((await world.get(`/v1/resources?search=${'x'.repeat(201)}`)).body.faults[0].at).toBe('query/search');
});
