import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify } from 'jose';
import { assertInvariants } from '../support/database.js';
import { type EventReceiver, startReceiver } from '../support/receiver.js';
import { startServer } from '../support/server.js';
import { ProtocolWorld, type TestClient } from './protocol-world.js';

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout';

let world: ProtocolWorld;
let receiver: EventReceiver;
let client: TestClient;
beforeAll(async () => {
  world = await ProtocolWorld.start({
    CURFEW_DELIVERY_INTERVAL: '50ms',
    CURFEW_DELIVERY_FIRST_RETRY: '200ms',
    CURFEW_DELIVERY_TIMEOUT: '500ms',
    CURFEW_SWEEP_INTERVAL: '1s',
  });
  client = world.clients.web;
}, 60_000);
afterAll(() => world.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  await wantLogoutTokens(receiver.url);
});
afterEach(async () => {
  await receiver.close();
  await assertInvariants(world.database);
});

const wantLogoutTokens = (address: string, alg = 'ES256') =>
  world.database.query('UPDATE client SET metadata = metadata || $2::jsonb WHERE id = $1', [
    client.id,
    JSON.stringify({ backchannel_logout_uri: address, id_token_signed_response_alg: alg }),
  ]);
/** Every token about this session so far; one of an earlier test that was not taken in time may come again. */
const tokensOf = (sid: string): string[] =>
  receiver.received
    .map(({ body }) => new URLSearchParams(body).get('logout_token') ?? '')
    .filter((token) => decodeJwt(token)['sid'] === sid);
async function until<T>(look: () => T | undefined): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
/** The first token about this session, or a later one by its number. */
const toldOf = (sid: string, times = 1): Promise<string> => until(() => tokensOf(sid)[times - 1]);
/** Verified as a relying party must (OpenID Connect Back-Channel Logout 1.0 §2.6). */
async function verified(token: string): Promise<JWTPayload> {
  const keys = createRemoteJWKSet(new URL('/jwks', world.issuer));
  const { payload } = await jwtVerify(token, keys, {
    issuer: world.issuer,
    audience: client.id,
    typ: 'logout+jwt',
    requiredClaims: ['iat', 'exp', 'jti', 'events'],
  });
  return payload;
}
const sidOf = async (accessToken: string): Promise<string> =>
  (await world.introspect(accessToken)).body.sid as string;
async function aSession(): Promise<{ sid: string; refresh: string; access: string; sub: string }> {
  const { body } = await world.signIn(client, {
    scope: 'openid offline_access orders:read',
    prompt: 'consent',
  });
  const claims = decodeJwt(body.id_token);
  const { access_token: access, refresh_token: refresh } = body;
  return { sid: String(claims['sid'] ?? (await sidOf(access))), refresh, access, sub: String(claims.sub) };
}

describe('back-channel logout', () => {
  it('sends a client that revokes a logout token about its session, of the right type and without a nonce', async () => {
    const session = await aSession();
    await world.revoke(client, session.refresh);
    const token = await toldOf(session.sid);
    const payload = await verified(token);
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'logout+jwt', alg: 'ES256' });
    expect(payload).toEqual({
      iss: world.issuer,
      aud: client.id,
      iat: expect.any(Number),
      exp: payload.iat! + 120,
      jti: expect.any(String),
      events: { [logoutEvent]: {} },
      sub: session.sub,
      sid: session.sid,
    });
    expect(receiver.received[0]!.headers['content-type']).toBe('application/x-www-form-urlencoded');
  });

  it('follows the theft of a refresh token, too', async () => {
    const session = await aSession();
    const second = await world.refresh(client, session.refresh);
    const third = await world.refresh(client, second.body.refresh_token);
    await world.refresh(client, third.body.refresh_token);
    expect((await world.refresh(client, session.refresh)).status).toBe(400);
    await verified(await toldOf(session.sid));
  });

  it('follows an end that nobody asked for: a session swept after its deadline', async () => {
    const session = await aSession();
    await world.database.query(
      `UPDATE session SET last_active_at = last_active_at - interval '300 days', expires_at = now() - interval '1 day',
         check_after = now() - interval '1 day' WHERE id = $1`,
      [session.sid],
    );
    await verified(await toldOf(session.sid));
  });

  it.each(['EdDSA', 'RS256'])(
    'is signed with %s where the client has its ID tokens signed so',
    async (alg) => {
      await wantLogoutTokens(receiver.url, alg);
      const session = await aSession();
      await world.revoke(client, session.refresh);
      const token = await toldOf(session.sid);
      await verified(token);
      expect(decodeProtectedHeader(token)).toMatchObject({ alg });
    },
  );

  it('is tried again while the client fails and hangs, with the same id and a fresh time, and never holds the end up', async () => {
    const session = await aSession();
    receiver.behave(500);
    const began = performance.now();
    expect((await world.revoke(client, session.refresh)).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(2_000);
    await toldOf(session.sid);
    receiver.behave('hang');
    await toldOf(session.sid, 2);
    receiver.behave(200);
    await toldOf(session.sid, 3);
    const all = await Promise.all(tokensOf(session.sid).map(verified));
    expect(new Set(all.map(({ jti }) => jti)).size).toBe(1);
  });

  it('still reaches a client that was deleted', async () => {
    const session = await aSession();
    const [row] = await world.database.query<{ copy: object }>(
      'SELECT to_jsonb(c) AS copy FROM client c WHERE id = $1',
      [client.id],
    );
    receiver.behave(500);
    await world.revoke(client, session.refresh);
    await world.database.query('DELETE FROM client WHERE id = $1', [client.id]);
    receiver.behave(200);
    await verified(await toldOf(session.sid));
    await world.database.query(
      'INSERT INTO client SELECT * FROM jsonb_populate_record(NULL::client, $1::jsonb)',
      [JSON.stringify(row!.copy)],
    );
  });

  it('happens after all when the server is killed between the commit and the delivery', async () => {
    const session = await aSession();
    receiver.behave('hang');
    await world.revoke(client, session.refresh);
    await toldOf(session.sid);
    await world.server.kill();
    receiver.received.length = 0;
    receiver.behave(200);
    const { CURFEW_DEV_FILE: _, ...settings } = world.server.environment;
    const again = await startServer({ databaseUrl: world.database.url, settings });
    await verified(await toldOf(session.sid));
    await again.stop();
  });
});
