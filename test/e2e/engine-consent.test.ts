import { failExactlyAt } from '../support/faults.js';
import { type EngineClient, EngineWorld } from './engine-world.js';

let world: EngineWorld;
let web: EngineClient;
beforeAll(async () => {
  world = await EngineWorld.start();
  web = await world.client();
}, 90_000);
afterEach(() => world.check());
afterAll(() => world?.stop());

const allowed = async (): Promise<string | undefined> => {
  const [row] = await world.database.query<{ scope: string }>(
    `SELECT granted->>'scope' AS scope FROM consent WHERE client_id = $1`,
    [web.id],
  );
  return row?.scope;
};

it('consent is remembered with the answer, and widened by the next', async () => {
  const person = world.stranger();
  await world.code(web, { scope: 'openid' }, person);
  expect(await allowed()).toBe('openid');
  await world.code(web, { scope: 'openid offline_access', prompt: 'consent' }, person);
  expect(await allowed()).toBe('offline_access openid');
});

it('consent that is withdrawn while the person answers again does not come back', async () => {
  const person = world.stranger();
  await world.code(web, { scope: 'openid offline_access', prompt: 'consent' }, person);
  const barrier = await failExactlyAt(
    world.database,
    {
      table: 'protocol_artifact',
      operation: 'DELETE',
      timing: 'before',
      when: `OLD.kind = 'Interaction'`,
      times: 1,
    },
    { kind: 'barrier' },
  );
  const again = world.code(web, { scope: 'openid', prompt: 'consent' }, person);
  await barrier.arrived(1);
  await world.database.query('DELETE FROM consent WHERE client_id = $1', [web.id]);
  await barrier.open();
  await again;
  await barrier.remove();
  expect(await allowed()).toBe('');
});
