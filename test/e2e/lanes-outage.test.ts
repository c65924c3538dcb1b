import { failExactlyAt } from '../support/faults.js';
import { type DatabaseProxy, proxyTo } from '../support/proxy.js';
import { aKey, aProof } from './lanes-proofs.js';
import { Side } from './lanes-side.js';
import { LanesWorld } from './lanes-world.js';

const key = aKey();
let lanes: LanesWorld;
let proxy: DatabaseProxy;
beforeAll(async () => {
  lanes = await LanesWorld.start({ CURFEW_DATABASE_CONNECT_TIMEOUT: '500ms' }, async (url) => {
    proxy = await proxyTo(url);
    return proxy.url;
  });
}, 120_000);
afterAll(async () => {
  proxy?.heal();
  await lanes?.stop();
  await proxy?.close();
});

/** What both lanes answer while something is wrong, and what they leave behind when it is right again. */
async function bothWhile(
  wrong: () => unknown,
  ask: (side: Side, token: string) => Promise<unknown>,
  right: () => unknown,
) {
  const sides = await Promise.all(
    (['fast', 'library'] as const).map(async (lane) => {
      const side = new Side(lanes, lane);
      return { side, token: (await side.session()).token };
    }),
  );
  await wrong();
  for (const { side, token } of sides) await ask(side, token);
  await right();
  const [fast, library] = await Promise.all(sides.map(({ side }) => side.outcome()));
  expect(fast).toEqual(library);
  return { statuses: sides[0]!.side.replies.map(({ status }) => status), sides };
}

describe('while something is wrong with the database, both lanes answer alike', () => {
  it('that it cannot be reached', async () => {
    const { statuses, sides } = await bothWhile(
      () => proxy.cut(),
      async (side, token) => {
        await side.refresh(token);
        await side.introspect(lanes.seal({ grantId: side.sessions[0] }));
        await side.machine(side.twin('machine'));
        await side.refresh(token, {}, side.web, { dpop: aProof(side, key) });
      },
      () => proxy.heal(),
    );
    // Who may do what is remembered for as long as changes of it can be heard, and not a moment longer.
    expect(statuses.slice(0, 2)).toEqual([503, 503]);
    expect(statuses.at(-1)).toBe(503);
    for (const { side } of sides) {
      expect(side.replies[0]!.headers).toHaveProperty('retry-after');
      expect(side.replies[0]!.body.error).toBe('temporarily_unavailable');
    }
  });

  it.each([
    ['one that ends the connection', { kind: 'terminate' } as const, 503],
    ['one that nobody expected', { kind: 'raise' } as const, 500],
  ])('that a write fails: %s', async (_, fault, status) => {
    const { database } = lanes.world;
    let heal = async () => {};
    const { statuses, sides } = await bothWhile(
      async () => {
        const place = { table: 'session', operation: 'UPDATE', timing: 'before' } as const;
        const installed = await failExactlyAt(database, place, fault);
        heal = () => installed.remove();
      },
      (side, token) => side.refresh(token),
      () => heal(),
    );
    expect(statuses).toEqual([status]);
    for (const { side } of sides) {
      // Nothing was used up.
      const [{ generation }] = (await database.query<{ generation: number }>(
        'SELECT generation FROM session WHERE id = $1',
        [side.sessions[0]],
      )) as [{ generation: number }];
      expect(generation).toBe(0);
    }
  });

  it.each(['session', 'protocol_artifact'])(
    'that a refresh with a proof cannot write to %s; the fast lane uses up neither token nor proof',
    async (table) => {
      const { database } = lanes.world;
      const operation = table === 'session' ? 'UPDATE' : 'INSERT';
      let heal = async () => {};
      const proofs = new Map<Side, string>();
      const { statuses, sides } = await bothWhile(
        async () => {
          const installed = await failExactlyAt(
            database,
            { table, operation, timing: 'before' },
            { kind: 'terminate' },
          );
          heal = () => installed.remove();
        },
        async (side, token) => {
          proofs.set(side, aProof(side, key));
          await side.refresh(token, {}, side.web, { dpop: proofs.get(side) });
        },
        () => heal(),
      );
      expect(statuses).toEqual([503]);
      const [fast, library] = sides.map(({ side }) => side) as [Side, Side];
      for (const side of [fast, library]) expect(side.replies[0]!.headers).toHaveProperty('dpop-nonce');
      const again = sides[0]!;
      const answer = await fast.refresh(again.token, {}, fast.web, { dpop: proofs.get(fast) });
      expect(answer.status).toBe(200);
    },
  );
});

it('whoever asks whether the service is ready is answered in JSON, ready or not, and a person in words', async () => {
  const { issuer } = lanes.world;
  const ask = async (path: string, accept: string) => {
    const response = await fetch(`${issuer}${path}`, { headers: { accept } });
    return [response.status, response.headers.get('content-type')?.split(';')[0]];
  };
  expect(await ask('/health/ready', '*/*')).toEqual([200, 'application/json']);
  await proxy.cut();
  for (const accept of ['*/*', 'text/html', 'application/json'])
    expect(await ask('/health/ready', accept)).toEqual([503, 'application/problem+json']);
  expect(await ask('/health/live', '*/*')).toEqual([200, 'application/json']);
  expect(await ask('/sign-in', 'text/html')).toEqual([expect.any(Number), 'text/html']);
  proxy.heal();
  const deadline = performance.now() + 20_000;
  while ((await ask('/health/ready', '*/*'))[0] !== 200 && performance.now() < deadline);
  expect(await ask('/health/ready', '*/*')).toEqual([200, 'application/json']);
});
