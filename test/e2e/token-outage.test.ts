import { failExactlyAt } from '../support/faults.js';
import { type DatabaseProxy, proxyTo } from '../support/proxy.js';
import { aKey, aProof } from './answers-proofs.js';
import { Side } from './answers-side.js';
import { AnswersWorld } from './answers-world.js';

const key = aKey();
let world: AnswersWorld;
let proxy: DatabaseProxy;
beforeAll(async () => {
  world = await AnswersWorld.start({ CURFEW_DATABASE_CONNECT_TIMEOUT: '500ms' }, async (url) => {
    proxy = await proxyTo(url);
    return proxy.url;
  });
}, 120_000);
afterAll(async () => {
  proxy?.heal();
  await world?.stop();
  await proxy?.close();
});

/** The responses while something is wrong. */
async function answersWhile(
  wrong: () => unknown,
  ask: (side: Side, token: string) => Promise<unknown>,
  right: () => unknown,
) {
  const side = new Side(world);
  const { token } = await side.session();
  await wrong();
  await ask(side, token);
  await right();
  return { statuses: side.replies.map(({ status }) => status), side, token };
}

describe('while something is wrong with the database, a request is told so', () => {
  it('that it cannot be reached', async () => {
    const { statuses, side } = await answersWhile(
      () => proxy.cut(),
      async (side, token) => {
        await side.refresh(token);
        await side.introspect(world.seal({ grantId: side.sessions[0] }));
        await side.machine(side.twin('machine'));
        await side.refresh(token, {}, side.web, { dpop: aProof(side, key) });
      },
      () => proxy.heal(),
    );
    // Rights are remembered for as long as changes of them can be heard, and not a moment longer.
    expect(statuses.slice(0, 2)).toEqual([503, 503]);
    expect(statuses.at(-1)).toBe(503);
    expect(side.replies[0]!.headers).toHaveProperty('retry-after');
    expect(side.replies[0]!.body).toEqual({
      error: 'temporarily_unavailable',
      error_description: 'the service cannot answer right now; try again',
    });
  });

  it.each([
    ['one that ends the connection', { kind: 'terminate' } as const, 503],
    ['one that nobody expected', { kind: 'raise' } as const, 500],
  ])('that a write fails: %s', async (_, fault, status) => {
    const { database } = world.protocol;
    let heal = async () => {};
    const { statuses, side } = await answersWhile(
      async () => {
        const place = { table: 'session', operation: 'UPDATE', timing: 'before' } as const;
        const installed = await failExactlyAt(database, place, fault);
        heal = () => installed.remove();
      },
      (side, token) => side.refresh(token),
      () => heal(),
    );
    expect(statuses).toEqual([status]);
    // Nothing was used up.
    const row = 'SELECT generation FROM session WHERE id = $1';
    expect(await database.query(row, [side.sessions[0]])).toEqual([{ generation: 0 }]);
  });

  it.each(['session', 'protocol_artifact'])(
    'that a refresh with a proof cannot write to %s; neither token nor proof is used up',
    async (table) => {
      const { database } = world.protocol;
      const operation = table === 'session' ? 'UPDATE' : 'INSERT';
      let heal = async () => {};
      let proof = '';
      const { statuses, side, token } = await answersWhile(
        async () => {
          const place = { table, operation, timing: 'before' } as const;
          const installed = await failExactlyAt(database, place, { kind: 'terminate' });
          heal = () => installed.remove();
        },
        async (one, shown) => {
          proof = aProof(one, key);
          await one.refresh(shown, {}, one.web, { dpop: proof });
        },
        () => heal(),
      );
      expect(statuses).toEqual([503]);
      expect(side.replies[0]!.headers).toHaveProperty('dpop-nonce');
      expect((await side.refresh(token, {}, side.web, { dpop: proof })).status).toBe(200);
    },
  );
});

it('whoever asks whether the service is ready is answered in JSON, ready or not, and a person in words', async () => {
  const { issuer } = world.protocol;
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
