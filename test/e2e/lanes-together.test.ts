import { assertInvariants } from '../support/database.js';
import { basic, Side } from './lanes-side.js';
import { LanesWorld } from './lanes-world.js';

let lanes: LanesWorld;
beforeAll(async () => {
  lanes = await LanesWorld.start();
}, 120_000);
afterAll(() => lanes?.stop());

const inTurns = (times: number, ask: (side: Side) => Promise<unknown>) => {
  const sides = [new Side(lanes, 'fast'), new Side(lanes, 'library')] as const;
  return Promise.all(Array.from({ length: times }, (_, number) => ask(sides[number % 2]!))).then(() => sides);
};
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
