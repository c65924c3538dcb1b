import { atOnce, type EngineClient, EngineWorld, orders } from './engine-world.js';

let world: EngineWorld;
let web: EngineClient;
let other: EngineClient;
let api: EngineClient;
beforeAll(async () => {
  world = await EngineWorld.start();
  [web, other, api] = [
    await world.client(),
    await world.client(),
    await world.client({ grant_types: [], redirect_uris: [], resources: [], resource: orders }),
  ];
}, 90_000);
afterEach(() => world.check());
afterAll(() => world?.stop());

const refusal = { status: 400, body: { error: 'invalid_grant' } };

describe('the life of a session', () => {
  it('goes from sign-in through refresh, retry, reuse and introspection to its end', async () => {
    const first = await world.signIn(web);
    expect(await world.isActive(api, first.access_token)).toBe(true);
    const second = await world.refreshed(web, first.refresh_token);
    const again = await world.refreshed(web, first.refresh_token, { node: 1 });
    expect(again.refresh_token).toBe(second.refresh_token);
    const third = await world.refreshed(web, second.refresh_token);
    expect(await world.refresh(web, first.refresh_token)).toMatchObject(refusal);
    for (const { access_token } of [first, second, again, third])
      expect(await world.isActive(api, access_token, 1)).toBe(false);
    expect(await world.endOf(first.sid)).toBe('refresh_token_reuse');
  });
});

describe('fifty uses of one refresh token at once, on two nodes', () => {
  it('have exactly one successor, and every one of them gets it', async () => {
    const { refresh_token, sid } = await world.signIn(web);
    const answers = await atOnce(50, (node) => world.refresh(web, refresh_token, { node }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    const successors = new Set(answers.map(({ body }) => body.refresh_token));
    expect(successors.size).toBe(1);
    expect((await world.row(sid)).generation).toBe(1);
    await world.refreshed(web, [...successors][0]);
  });

  it('in strict mode have at most one successor, and end the session when they collide', async () => {
    const strict = await world.client({}, { retryWindow: '0s' });
    const { refresh_token, sid } = await world.signIn(strict);
    const answers = await atOnce(50, (node) => world.refresh(strict, refresh_token, { node }));
    const won = answers.filter(({ status }) => status === 200);
    expect(won.length).toBeLessThanOrEqual(1);
    for (const lost of answers.filter((answer) => !won.includes(answer))) expect(lost).toMatchObject(refusal);
    expect(await world.endOf(sid)).toBe('refresh_token_reuse');
    expect(await world.events(sid, 'session.ended')).toHaveLength(1);
    expect(await world.events(sid, 'session.reuse_found')).toHaveLength(1);
  });
});
