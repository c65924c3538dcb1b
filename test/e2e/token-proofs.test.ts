import { createHash, randomUUID } from 'node:crypto';
import { assertInvariants } from '../support/database.js';
import { asParallel } from '../support/parallel-window.js';
import { aKey, aProof, bound } from './answers-proofs.js';
import { Side } from './answers-side.js';
import { AnswersWorld } from './answers-world.js';

let world: AnswersWorld;
beforeAll(async () => {
  world = await AnswersWorld.start();
}, 120_000);
afterEach(() => assertInvariants(world.protocol.database));
afterAll(() => world?.stop());

const key = aKey();
const aSide = () => new Side(world);
const refresh = (side: Side, token: string, dpop: string) =>
  side.refresh(token, {}, world.protocol.clients.spa, { dpop });
const refused = { error: 'invalid_dpop_proof', error_description: 'the DPoP proof was used before' };
const generationOf = async (id: string) => {
  const [row] = await world.protocol.database.query<{ generation: number; end_reason: string | null }>(
    'SELECT generation, end_reason FROM session WHERE id = $1',
    [id],
  );
  return row;
};

describe('a proof that was shown', () => {
  it('is known with whatever token it comes, and changes nothing', async () => {
    const side = aSide();
    const [one, two] = [await bound(side, key), await bound(side, key)];
    const proof = aProof(side, key);
    const { status, body } = await refresh(side, one.token, proof);
    expect(status).toBe(200);
    for (const token of [body.refresh_token, two.token, one.token])
      expect(await refresh(side, token, proof)).toMatchObject({ status: 400, body: refused });
    expect(await generationOf(one.id)).toEqual({ generation: 1, end_reason: null });
    expect(await generationOf(two.id)).toEqual({ generation: 0, end_reason: null });
    expect((await refresh(side, body.refresh_token, aProof(side, key))).status).toBe(200);
    expect((await refresh(side, two.token, aProof(side, key))).status).toBe(200);
  });

  it('leaves one record, whether its token was used, retried or refused', async () => {
    const side = aSide();
    const shownWith = async (token: string) => {
      const jti = randomUUID();
      await refresh(side, token, aProof(side, key, { claims: { jti } }));
      const id = createHash('sha256')
        .update(JSON.stringify([world.protocol.clients.spa.id, jti]))
        .digest();
      return world.protocol.database.query<Record<string, unknown>>(
        `SELECT kind, length(payload) AS payload, grant_id, uid, user_code_hash, consumed_at,
           round(extract(epoch FROM expires_at - now()) / 60)::int AS minutes
         FROM protocol_artifact WHERE id_hash = $1`,
        [id],
      );
    };
    const { token } = await bound(side, key);
    const used = await shownWith(token);
    expect(used).toHaveLength(1);
    expect(await shownWith(token)).toEqual(used);
    const over = await bound(side, key, 'spa', { expires_at: '2026-01-01T00:00:00Z' });
    expect(await shownWith(over.token)).toEqual(used);
  });

  it('is taken by one of many at once, whatever token it comes with', async () => {
    for (let round = 0; round < 5; round += 1) {
      const side = aSide();
      const sessions = await Promise.all([1, 2, 3].map(() => bound(side, key)));
      const proof = aProof(side, key);
      const replies = await Promise.all(
        Array.from({ length: 30 }, (_, index) => refresh(side, sessions[index % 3]!.token, proof)),
      );
      const statuses = replies.map(({ status }) => status).sort();
      expect(statuses).toEqual([200, ...Array.from({ length: 29 }, () => 400)]);
    }
  });

  it('is one of many for one token at once: there is one successor', async () => {
    for (let round = 0; round < 5; round += 1) {
      const side = aSide();
      const [{ id, proofs }, replies] = await asParallel(
        async () => ({
          ...(await bound(side, key)),
          proofs: Array.from({ length: 30 }, () => aProof(side, key)),
        }),
        ({ token, proofs }) => Promise.all(proofs.map((proof) => refresh(side, token, proof))),
      );
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]));
      expect(new Set(replies.map(({ body }) => body.refresh_token)).size).toBe(1);
      expect(await generationOf(id)).toEqual({ generation: 1, end_reason: null });
      // Those that came second have used up their proofs as well.
      const { token: another } = await bound(side, key);
      for (const proof of proofs.slice(0, 10))
        expect((await refresh(side, another, proof)).body).toEqual(refused);
    }
  });
});

it('a nonce that was offered stands in for the time of a proof', async () => {
  const side = aSide();
  const { token } = await bound(side, key);
  const { headers, body } = await refresh(side, token, aProof(side, key));
  const nonce = headers['dpop-nonce'];
  expect(nonce).toMatch(/^[\w-]{43}$/);
  // Only a proof with a nonce may be this old.
  const proof = aProof(side, key, { claims: { nonce, iat: 1_000_000_000 } });
  const second = await refresh(side, body.refresh_token, proof);
  expect(second.status).toBe(200);
  // It is remembered for as long as its nonce could be accepted, not for as long as its iat says (ADR 50).
  expect((await refresh(side, second.body.refresh_token, proof)).body.error).toBe('invalid_dpop_proof');
  // The one in use is offered no more, unless the next minute has begun.
  expect([undefined, expect.stringMatching(/^[\w-]{43}$/)]).toContainEqual(second.headers['dpop-nonce']);
  expect(second.headers['dpop-nonce']).not.toBe(nonce);
});
