import { assertInvariants } from '../support/database.js';
import { basic, type Reply, Side } from './lanes-side.js';
import { LanesWorld } from './lanes-world.js';
import type { TestClient } from './protocol-world.js';

let lanes: LanesWorld;
beforeAll(async () => {
  lanes = await LanesWorld.start({
    CURFEW_THROTTLE_REFRESH: '30/1d',
    CURFEW_THROTTLE_INTROSPECTION: '60/1d',
  });
}, 120_000);
afterAll(() => lanes?.stop());

const inTurns = (times: number, ask: (side: Side) => Promise<unknown>) => {
  const sides = [new Side(lanes, 'fast'), new Side(lanes, 'library')] as const;
  return Promise.all(Array.from({ length: times }, (_, number) => ask(sides[number % 2]!))).then(() => sides);
};
const garbage = `cfw_rt_${'A'.repeat(92)}`;
const rowOf = async (id: string) =>
  (
    await lanes.world.database.query<{ generation: number; end_reason: string | null }>(
      'SELECT generation, end_reason FROM session WHERE id = $1',
      [id],
    )
  )[0];

describe('both lanes at once', () => {
  afterEach(() => assertInvariants(lanes.world.database));

  it('give one token one successor', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, token } = await new Side(lanes, 'fast').session();
      const sides = await inTurns(40, (side) => side.refresh(token));
      const replies = sides.flatMap((side) => side.replies);
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(replies.map(({ body }) => body.refresh_token)).size).toBe(1);
      expect(await rowOf(id)).toEqual({ generation: 1, end_reason: null });
    }
  });

  it('end a session once for a token that was replaced in the other lane', async () => {
    const { id, token } = await new Side(lanes, 'fast').session();
    const next = (await new Side(lanes, 'library').refresh(token)).body.refresh_token;
    await new Side(lanes, 'fast').refresh(next);
    const sides = await inTurns(10, (side) => side.refresh(token));
    expect(new Set(sides.flatMap((side) => side.replies.map(({ body }) => body.error)))).toEqual(
      new Set(['invalid_grant']),
    );
    expect(await rowOf(id)).toEqual({ generation: 2, end_reason: 'refresh_token_reuse' });
    const ended = await lanes.world.database.query(
      "SELECT 1 FROM event WHERE session_id = $1 AND type = 'session.ended'",
      [id],
    );
    expect(ended).toHaveLength(1);
  });

  it('honour a revocation at once', async () => {
    const { token } = await new Side(lanes, 'fast').session();
    const { access_token, refresh_token } = (await new Side(lanes, 'fast').refresh(token)).body;
    const side = new Side(lanes, 'library');
    expect((await side.post('/revocation', { token: refresh_token }, basic(side.web))).status).toBe(200);
    const sides = await inTurns(20, async (one) => {
      expect((await one.introspect(access_token)).body).toEqual({ active: false });
      expect((await one.refresh(refresh_token)).body.error).toBe('invalid_grant');
    });
    expect(sides.flatMap((one) => one.replies)).toHaveLength(40);
  });
});

describe('a caller that asks too much', () => {
  /** As compared between the lanes: everything but what differs from answer to answer. */
  const shapeOf = ({ status, headers, order, text }: Reply) => {
    const { 'retry-after': wait, date: _, 'x-request-id': __, ...others } = headers;
    expect(Number(wait)).toBeGreaterThan(0);
    return { status, others, order, text };
  };
  let impatient: TestClient;
  beforeAll(() => {
    impatient = lanes.twin('several', 'fast');
  });
  const sessionOf = ({ id }: TestClient) => new Side(lanes, 'fast').session('web', () => ({ client_id: id }));
  const bothRefused = async (ask: (side: Side) => Promise<Reply>) => {
    const [fast, library] = [await ask(new Side(lanes, 'fast')), await ask(new Side(lanes, 'library'))];
    expect(fast.status).toBe(429);
    expect(shapeOf(fast)).toEqual(shapeOf(library));
    return fast.body;
  };

  it('for tokens that cannot be refreshed waits, in either lane, and refreshes those that can', async () => {
    const [over, good] = [await sessionOf(impatient), await sessionOf(impatient)];
    const side = new Side(lanes, 'fast');
    const { refresh_token: next } = (await side.refresh(over.token, {}, impatient)).body;
    await side.post('/revocation', { token: next }, basic(impatient));
    const refresh = (one: Side, token: string, client = impatient) => one.refresh(token, {}, client);
    const sides = await inTurns(40, (one) => refresh(one, one.lane === 'fast' ? next : garbage));
    const statuses = sides.flatMap(({ replies }) => replies.map(({ status }) => status));
    // Requests at once may each be let through before the others are counted.
    expect(statuses.filter((status) => status === 400).length).toBeGreaterThanOrEqual(30);
    const events = async () =>
      (await lanes.world.database.query('SELECT 1 FROM event WHERE session_id = $1', [over.id])).length;
    const before = await events();
    for (const token of [next, garbage])
      expect(await bothRefused((one) => refresh(one, token))).toEqual({
        error: 'temporarily_unavailable',
        error_description: 'too many failed attempts',
      });
    expect(await events()).toBe(before);
    const { status, body } = await refresh(side, good.token);
    expect(status).toBe(200);
    expect((await refresh(new Side(lanes, 'library'), body.refresh_token)).status).toBe(200);
    // It is this client that waits, and no other.
    expect((await refresh(side, garbage, lanes.twin('changing', 'fast'))).status).toBe(400);
  });

  it('waits with nothing of a session that lives, so that reuse of its tokens is found', async () => {
    const { id, token } = await sessionOf(impatient);
    const [side, library] = [new Side(lanes, 'fast'), new Side(lanes, 'library')];
    for (let turn = 0; turn < 40; turn += 1) await side.refresh(garbage, {}, impatient);
    expect((await side.refresh(garbage, {}, impatient)).status).toBe(429);
    // Whoever has a copy is refused with it, as often as it likes; that leaves no rows behind.
    for (let turn = 0; turn < 3; turn += 1)
      expect((await library.refresh(token, { scope: 'openid nonsense' }, impatient)).body.error).toBe(
        'invalid_scope',
      );
    const refused = `SELECT 1 FROM event WHERE session_id = $1 AND type = 'session.refresh_refused'`;
    expect(await lanes.world.database.query(refused, [id])).toEqual([]);
    const { refresh_token: next } = (await side.refresh(token, {}, impatient)).body;
    expect((await side.refresh(next, {}, impatient)).status).toBe(200);
    expect((await side.refresh(token, {}, impatient)).body.error).toBe('invalid_grant');
    expect(await rowOf(id)).toEqual({ generation: 2, end_reason: 'refresh_token_reuse' });
  });

  it('about tokens waits, in either lane, while other callers are answered', async () => {
    const side = new Side(lanes, 'fast');
    const { token } = await sessionOf(impatient);
    const { access_token } = (await side.refresh(token, {}, impatient)).body;
    const sides = await inTurns(90, (one) => one.introspect(access_token, impatient));
    const statuses = sides.flatMap(({ replies }) => replies.map(({ status }) => status));
    expect([...new Set(statuses)].sort()).toEqual([200, 429]);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(60);
    for (const asked of [access_token, `cfw_at_${'A'.repeat(120)}`])
      expect(await bothRefused((one) => one.introspect(asked, impatient))).toEqual({
        error: 'temporarily_unavailable',
        error_description: 'too many requests',
      });
    expect((await side.introspect(access_token)).body.active).toBe(true);
  });
});
