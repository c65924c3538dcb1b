import { createHash, randomUUID } from 'node:crypto';
import { assertInvariants } from '../support/database.js';
import { aKey, aProof, bound } from './lanes-proofs.js';
import { Side } from './lanes-side.js';
import { type LaneName, LanesWorld } from './lanes-world.js';

let lanes: LanesWorld;
beforeAll(async () => {
  lanes = await LanesWorld.start();
}, 120_000);
afterEach(() => assertInvariants(lanes.world.database));
afterAll(() => lanes?.stop());

const key = aKey();
const others = { fast: 'library', library: 'fast' } as const;
const names: readonly LaneName[] = ['fast', 'library'];
const sideOf = (lane: LaneName) => new Side(lanes, lane);
const refresh = (side: Side, token: string, dpop: string) =>
  side.refresh(token, {}, lanes.world.clients.spa, { dpop });
const refused = { error: 'invalid_dpop_proof', error_description: 'the DPoP proof was used before' };
const generationOf = async (id: string) => {
  const [row] = await lanes.world.database.query<{ generation: number; end_reason: string | null }>(
    'SELECT generation, end_reason FROM session WHERE id = $1',
    [id],
  );
  return row;
};

describe('a proof that was shown', () => {
  it.each(names)('in the %s lane is known in the other, and changes nothing there', async (lane) => {
    const [here, there] = [sideOf(lane), sideOf(others[lane])];
    const [one, two] = [await bound(here, key), await bound(here, key)];
    const proof = aProof(here, key);
    const { status, body } = await refresh(here, one.token, proof);
    expect(status).toBe(200);
    for (const token of [body.refresh_token, two.token, one.token])
      for (const side of [there, here])
        expect(await refresh(side, token, proof)).toMatchObject({ status: 400, body: refused });
    expect(await generationOf(one.id)).toEqual({ generation: 1, end_reason: null });
    expect(await generationOf(two.id)).toEqual({ generation: 0, end_reason: null });
    expect((await refresh(there, body.refresh_token, aProof(there, key))).status).toBe(200);
    expect((await refresh(here, two.token, aProof(here, key))).status).toBe(200);
  });

  it('leaves the same record in both lanes', async () => {
    const records = await Promise.all(
      names.map(async (lane) => {
        const side = sideOf(lane);
        const jti = randomUUID();
        expect(
          (await refresh(side, (await bound(side, key)).token, aProof(side, key, { claims: { jti } })))
            .status,
        ).toBe(200);
        const id = createHash('sha256')
          .update(JSON.stringify([lanes.world.clients.spa.id, jti]))
          .digest();
        const rows = await lanes.world.database.query<{ lives: number }>(
          `SELECT kind, length(payload) AS payload, grant_id, uid, user_code_hash, consumed_at,
             round(extract(epoch FROM expires_at - now()) / 60)::int AS minutes
           FROM protocol_artifact WHERE id_hash = $1`,
          [id],
        );
        expect(rows).toHaveLength(1);
        return rows[0];
      }),
    );
    expect(records[0]).toEqual(records[1]);
  });

  it('is taken by one of many, in both lanes at once, whatever token it comes with', async () => {
    for (let round = 0; round < 5; round += 1) {
      const sides = names.map(sideOf);
      const sessions = await Promise.all([1, 2, 3].map(() => bound(sides[0]!, key)));
      const proof = aProof(sides[0]!, key);
      const replies = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          refresh(sides[index % 2]!, sessions[index % 3]!.token, proof),
        ),
      );
      const statuses = replies.map(({ status }) => status).sort();
      expect(statuses).toEqual([200, ...Array.from({ length: 29 }, () => 400)]);
    }
  });

  it('is one of many for one token, in both lanes at once: there is one successor', async () => {
    for (let round = 0; round < 5; round += 1) {
      const sides = names.map(sideOf);
      const { id, token } = await bound(sides[0]!, key);
      const proofs = Array.from({ length: 30 }, () => aProof(sides[0]!, key));
      const replies = await Promise.all(
        proofs.map((proof, index) => refresh(sides[index % 2]!, token, proof)),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(replies.map(({ body }) => body.refresh_token)).size).toBe(1);
      expect(await generationOf(id)).toEqual({ generation: 1, end_reason: null });
      // Those that came second have used up their proofs as well.
      const { token: another } = await bound(sides[0]!, key);
      for (const [index, proof] of proofs.slice(0, 10).entries())
        expect((await refresh(sides[index % 2]!, another, proof)).body).toEqual(refused);
    }
  });
});

describe('a nonce that one lane offers', () => {
  it.each(names)('is good in the other: %s', async (lane) => {
    const [here, there] = [sideOf(lane), sideOf(others[lane])];
    const { token } = await bound(here, key);
    const { headers, body } = await refresh(here, token, aProof(here, key));
    const nonce = headers['dpop-nonce'];
    expect(nonce).toMatch(/^[\w-]{43}$/);
    // Only a proof with a nonce may be this old.
    const aged = { nonce, iat: 1_000_000_000 };
    const proof = aProof(there, key, { claims: aged });
    const second = await refresh(there, body.refresh_token, proof);
    expect(second.status).toBe(200);
    // It is remembered for as long as its nonce could be accepted, not for as long as its iat says (ADR 50).
    for (const side of [there, here])
      expect((await refresh(side, second.body.refresh_token, proof)).body.error).toBe('invalid_dpop_proof');
    // The one in use is offered no more, unless the next minute has begun.
    expect([undefined, expect.stringMatching(/^[\w-]{43}$/)]).toContainEqual(second.headers['dpop-nonce']);
    expect(second.headers['dpop-nonce']).not.toBe(nonce);
  });

  it('is the same at the same time', async () => {
    const nonces = async () =>
      new Set(
        await Promise.all(
          names.map(async (lane) => {
            const side = sideOf(lane);
            return (await refresh(side, (await bound(side, key)).token, aProof(side, key))).headers[
              'dpop-nonce'
            ];
          }),
        ),
      );
    // A minute may end in between, but not twice within moments.
    const sizes = [(await nonces()).size, (await nonces()).size];
    expect(Math.min(...sizes)).toBe(1);
  });
});
