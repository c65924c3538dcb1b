import { setTimeout as pause } from 'node:timers/promises';
import { assertInvariants } from '../support/database.js';
import { basic, type Reply, Side } from './answers-side.js';
import { AnswersWorld } from './answers-world.js';
import { orders, type TestClient } from './protocol-world.js';

let world: AnswersWorld;
beforeAll(async () => {
  world = await AnswersWorld.start({
    CURFEW_THROTTLE_REFRESH: '30/1d',
    CURFEW_THROTTLE_INTROSPECTION: '60/1d',
  });
}, 120_000);
afterAll(() => world?.stop());

const atOnce = (times: number, ask: (side: Side, turn: number) => Promise<unknown>) => {
  const side = new Side(world);
  return Promise.all(Array.from({ length: times }, (_, turn) => ask(side, turn))).then(() => side.replies);
};
const garbage = `cfw_rt_${'A'.repeat(92)}`;
const rowOf = async (id: string) =>
  (
    await world.protocol.database.query<{ generation: number; end_reason: string | null }>(
      'SELECT generation, end_reason FROM session WHERE id = $1',
      [id],
    )
  )[0];

describe('many requests at once', () => {
  afterEach(() => assertInvariants(world.protocol.database));

  it('give one token one successor', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, token } = await new Side(world).session();
      const replies = await atOnce(40, (side) => side.refresh(token));
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(replies.map(({ body }) => body.refresh_token)).size).toBe(1);
      expect(await rowOf(id)).toEqual({ generation: 1, end_reason: null });
    }
  });

  it('end a session once for a token that was replaced', async () => {
    const { id, token } = await new Side(world).session();
    const next = (await new Side(world).refresh(token)).body.refresh_token;
    await new Side(world).refresh(next);
    const replies = await atOnce(10, (side) => side.refresh(token));
    expect(new Set(replies.map(({ body }) => body.error))).toEqual(new Set(['invalid_grant']));
    expect(await rowOf(id)).toEqual({ generation: 2, end_reason: 'refresh_token_reuse' });
    const ended = await world.protocol.database.query(
      "SELECT 1 FROM event WHERE session_id = $1 AND type = 'session.ended'",
      [id],
    );
    expect(ended).toHaveLength(1);
  });

  it('honour a revocation at once', async () => {
    const { token } = await new Side(world).session();
    const { access_token, refresh_token } = (await new Side(world).refresh(token)).body;
    const side = new Side(world);
    expect((await side.post('/revocation', { token: refresh_token }, basic(side.web))).status).toBe(200);
    const replies = await atOnce(20, async (one) => {
      expect((await one.introspect(access_token)).body).toEqual({ active: false });
      expect((await one.refresh(refresh_token)).body.error).toBe('invalid_grant');
    });
    expect(replies).toHaveLength(40);
  });
});

describe('a caller that asks too much', () => {
  let impatient: TestClient;
  beforeAll(() => {
    impatient = world.twin('several');
  });
  const sessionOf = ({ id }: TestClient) => new Side(world).session('web', () => ({ client_id: id }));
  const toldToWait = async (ask: () => Promise<Reply>) => {
    const { status, headers, body } = await ask();
    expect(status).toBe(429);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    return body;
  };

  it('for tokens that cannot be refreshed waits, and refreshes those that can', async () => {
    const [over, good] = [await sessionOf(impatient), await sessionOf(impatient)];
    const side = new Side(world);
    const { refresh_token: next } = (await side.refresh(over.token, {}, impatient)).body;
    await side.post('/revocation', { token: next }, basic(impatient));
    const refresh = (one: Side, token: string, client = impatient) => one.refresh(token, {}, client);
    const replies = await atOnce(40, (one, turn) => refresh(one, turn % 2 ? garbage : next));
    const statuses = replies.map(({ status }) => status);
    // Requests at once may each be let through before the others are counted.
    expect(statuses.filter((status) => status === 400).length).toBeGreaterThanOrEqual(30);
    const events = async () =>
      (await world.protocol.database.query('SELECT 1 FROM event WHERE session_id = $1', [over.id])).length;
    // Some events are written a moment later, in batches of each second.
    const settled = async () => {
      for (let last = -1; ; await pause(1_500)) {
        const now = await events();
        if (now === last) return now;
        last = now;
      }
    };
    const before = await settled();
    for (const token of [next, garbage])
      expect(await toldToWait(() => refresh(side, token))).toEqual({
        error: 'temporarily_unavailable',
        error_description: 'too many failed attempts',
      });
    expect(await settled()).toBe(before);
    const { status, body } = await refresh(side, good.token);
    expect(status).toBe(200);
    expect((await refresh(new Side(world), body.refresh_token)).status).toBe(200);
    // It is this client that waits, and no other.
    expect((await refresh(side, garbage, world.twin('changing'))).status).toBe(400);
  });

  it('waits with nothing of a session that lives, so that reuse of its tokens is found', async () => {
    const { id, token } = await sessionOf(impatient);
    const side = new Side(world);
    for (let turn = 0; turn < 40; turn += 1) await side.refresh(garbage, {}, impatient);
    expect((await side.refresh(garbage, {}, impatient)).status).toBe(429);
    // A client with a copy is refused, however often it asks, and leaves no rows behind.
    for (let turn = 0; turn < 3; turn += 1)
      expect((await side.refresh(token, { scope: 'openid nonsense' }, impatient)).body.error).toBe(
        'invalid_scope',
      );
    const refused = `SELECT 1 FROM event WHERE session_id = $1 AND type = 'session.refresh_refused'`;
    expect(await world.protocol.database.query(refused, [id])).toEqual([]);
    const { refresh_token: next } = (await side.refresh(token, {}, impatient)).body;
    expect((await side.refresh(next, {}, impatient)).status).toBe(200);
    expect((await side.refresh(token, {}, impatient)).body.error).toBe('invalid_grant');
    expect(await rowOf(id)).toEqual({ generation: 2, end_reason: 'refresh_token_reuse' });
  });

  it('about tokens waits, while other callers are answered', async () => {
    const side = new Side(world);
    const { token } = await sessionOf(impatient);
    const { access_token } = (await side.refresh(token, {}, impatient)).body;
    const replies = await atOnce(90, (one) => one.introspect(access_token, impatient));
    const statuses = replies.map(({ status }) => status);
    expect([...new Set(statuses)].sort()).toEqual([200, 429]);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(60);
    for (const asked of [access_token, `cfw_at_${'A'.repeat(120)}`])
      expect(await toldToWait(() => side.introspect(asked, impatient))).toEqual({
        error: 'temporarily_unavailable',
        error_description: 'too many requests',
      });
    expect((await side.introspect(access_token)).body.active).toBe(true);
  });
});

describe('a code', () => {
  /** The tokens of a code, whose client is registered for less between its authorization and its use. */
  const redeemedAfter = async (scope: string | null, asked: Record<string, string>) => {
    const side = new Side(world);
    const { clients, protocol } = world;
    const changing = protocol.clients.other;
    const { code, verifier } = await protocol.authorize(changing, asked);
    const { client } = (await clients.find(changing.id))!;
    await clients.update(changing.id, { scope } as never, client.version);
    await side.settled();
    try {
      return (await protocol.redeem(changing, code, verifier)).body;
    } finally {
      await clients.update(
        changing.id,
        { scope: client.metadata.scope ?? null } as never,
        client.version + 1,
      );
      await side.settled();
    }
  };

  it.each([
    ['the userinfo endpoint', { scope: 'openid email' }, 'openid', 'openid email'],
    ['an API', { scope: 'openid email orders:read', resource: orders }, 'openid', ''],
  ])(
    'gives nothing that was taken from its client meanwhile: for %s',
    async (_, asked, registered, whole) => {
      const before = await redeemedAfter(null, asked);
      const after = await redeemedAfter(registered, asked);
      const claimsOf = ({ id_token }: { id_token: string }) =>
        JSON.parse(Buffer.from(id_token.split('.')[1]!, 'base64url').toString());
      expect(before.scope).toBe(whole || 'orders:read');
      expect('email' in claimsOf(before)).toBe(whole === '');
      expect(after.scope).toBe(whole ? 'openid' : '');
      expect(claimsOf(after)).not.toHaveProperty('email');
    },
  );
});
