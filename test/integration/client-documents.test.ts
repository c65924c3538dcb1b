import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Throttle } from '@curfew/accounts';
import { Registry } from '@curfew/clients';
import { ClientHosts } from '@curfew/clients/client-documents';
import { ManualClock } from '@curfew/clock';
import type { OperationParts } from '@curfew/operations';
import { seconds } from '@curfew/session-policy';
import { ClientDirectory, outboundFetch } from '@curfew/token-endpoint/client';
import { ClientDocuments } from '../../apps/auth-server/src/client-documents.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { freePort } from '../support/ports.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

const atOnce = 50;
const idsOfFlood = 4_000;
/** The requests for documents of one host that a node makes within a minute. */
const mostRequests = 60;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heldBytes = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

it('a flood of made-up client ids is remembered within bounds, and an id that comes twice at once is asked for once', async () => {
  const prisma = database.prisma();
  const clock = new ManualClock(Date.now());
  // Nobody listens there.
  const allowed = `localhost:${await freePort()}`;
  await database.query("INSERT INTO client_host (host, resources, created_at) VALUES ($1, '{}', now())", [
    allowed,
  ]);
  const hosts = new ClientHosts(prisma, clock, { isOn: true, adminApi: '', allowPrivateAddresses: true });
  const registry = new Registry(prisma, clock);
  registry.trust();
  const requests: string[] = [];
  const outbound = outboundFetch({ allowInside: true, timeoutMs: 2_000 });
  const fetch: typeof outbound = (url, init) => {
    requests.push(String(url));
    return outbound(url, init);
  };
  // Nothing is read, so that nothing is kept.
  const parts = { prisma, clock } as unknown as OperationParts;
  const documents = new ClientDocuments(parts, hosts, fetch, () => undefined);
  const limit = { count: 10, window: seconds(60) };
  const directory = new ClientDirectory(registry, new Throttle(prisma, clock), clock, limit, documents);

  const flood = async (name: string): Promise<void> => {
    for (let first = 0; first < idsOfFlood; first += atOnce) {
      const ids = Array.from({ length: atOnce }, (_, index) => {
        const path = `${name}-${first + index}-${'x'.repeat(180)}`;
        return `https://${index % 2 === 0 ? allowed : `host-${first + index}.example.test`}/${path}`;
      });
      // Each twice at once, too.
      const found = await Promise.all([...ids, ...ids].map((id) => directory.findToAsk(id)));
      expect(found.filter((client) => client !== undefined)).toEqual([]);
    }
  };
  await flood('first');
  const growths: number[] = [];
  for (const name of ['second', 'third', 'fourth']) {
    const before = heldBytes();
    await flood(name);
    growths.push(heldBytes() - before);
  }
  // All of its ids alone would be more than twice of that.
  expect(Math.min(...growths)).toBeLessThan(400_000);
  expect([new Set(requests).size, requests.every((url) => new URL(url).host === allowed)]).toEqual([
    requests.length,
    true,
  ]);
  expect(requests.length).toBeGreaterThan(0);
  expect(requests.length).toBeLessThanOrEqual(mostRequests);
}, 120_000);
