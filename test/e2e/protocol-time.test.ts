import { setTimeout as pause } from 'node:timers/promises';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { withoutChallenge } from '../support/page-bodies.js';
import { asHeader, authorizationRequest, orders, ProtocolWorld, pkce } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start({ CURFEW_VIRTUAL_CLOCK: 'true' });
}, 60_000);
afterAll(() => world?.stop());

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

const pass = (seconds: number): Promise<void> => world.pass(seconds);
const signIn = async () =>
  (await world.signIn(world.clients.web, { resource: orders, scope: 'openid orders:read' })).body;
const push = async () => {
  const { pushed } = world.clients;
  const { verifier, challenge } = pkce();
  const asked = { code_challenge: challenge, code_challenge_method: 'S256', prompt: 'consent' };
  const query = authorizationRequest(pushed, world.callback, asked);
  const { request_uri } = (await world.post('/par', query, asHeader(pushed))).body;
  const parameters = new URLSearchParams({ client_id: pushed.id, request_uri });
  return { verifier, here: `${world.issuer}/authorize?${parameters}` };
};

describe('as time passes', () => {
  it('an access token is over when it said it would be', async () => {
    const { access_token, expires_in, refresh_token } = await signIn();
    await pass(expires_in - 5);
    expect((await world.introspect(access_token)).body.active).toBe(true);
    await pass(6);
    expect((await world.introspect(access_token)).body).toEqual({ active: false });
    expect((await world.refresh(world.clients.web, refresh_token)).status).toBe(200);
  });

  it('a code is over after a minute', async () => {
    const { code, verifier } = await world.authorize(world.clients.web);
    await pass(61);
    expect((await world.redeem(world.clients.web, code, verifier)).body.error).toBe('invalid_grant');
  });

  it('a person may take longer over a sign-in than its pushed request lives', async () => {
    const { verifier, here } = await push();
    const person = world.person();
    const page = await person.open(here);
    await pass(29 * minute);
    expect((await world.person().open(here)).status).toBe(400);
    const consent = await person.goOn(page, ({ body }) => body.includes('value="allow"'));
    await pass(29 * minute);
    const code = (await person.goOn(consent)).url.searchParams.get('code')!;
    expect((await world.redeem(world.clients.pushed, code, verifier)).status).toBe(200);
  });

  it('the page of a pushed request can be loaded again when that is over', async () => {
    const { here } = await push();
    const person = world.person();
    const page = await person.open(here);
    await pass(29 * minute);
    const again = await person.open(page.url.href);
    expect([again.status, withoutChallenge(again.body)]).toEqual([200, withoutChallenge(page.body)]);
  });

  it('a session ends by silence', async () => {
    const { refresh_token } = await signIn();
    await pass(29 * minute);
    const { status, body } = await world.refresh(world.clients.web, refresh_token);
    expect(status).toBe(200);
    await pass(30 * minute + 1);
    expect((await world.refresh(world.clients.web, body.refresh_token)).body.error).toBe('invalid_grant');
    expect((await world.introspect(body.refresh_token, world.clients.web)).body).toEqual({ active: false });
  });

  it('a session ends at its age, however active it is, and no access token outlives it', async () => {
    let { refresh_token } = await signIn();
    for (let half = 0; half < 26; half += 1) {
      await pass(27 * minute);
      const { body, status } = await world.refresh(world.clients.web, refresh_token);
      expect([half, status]).toEqual([half, 200]);
      refresh_token = body.refresh_token;
    }
    // 11 h 42 min have passed; the session has 18 minutes left.
    await pass(15 * minute);
    const last = await world.refresh(world.clients.web, refresh_token);
    expect(last.body.expires_in).toBeLessThanOrEqual(3 * minute);
    await pass(3 * minute + 1);
    expect((await world.introspect(last.body.access_token)).body).toEqual({ active: false });
    expect((await world.refresh(world.clients.web, last.body.refresh_token)).body.error).toBe(
      'invalid_grant',
    );
  }, 60_000);

  it('signing keys are replaced without anybody noticing but verifiers, which find the new one published a day ahead', async () => {
    const jwks = async () =>
      (await world.get('/jwks')).body.keys.map(({ kid }: { kid: string }) => kid) as string[];
    const before = await world.signIn(world.clients.web);
    const first = decodeProtectedHeader(before.body.id_token).kid!;
    const initially = await jwks();
    await pass(29 * day + hour);
    await untilOther(jwks, initially);
    expect(decodeProtectedHeader((await world.signIn(world.clients.web)).body.id_token).kid).toBe(first);
    const announced = (await jwks()).filter((kid) => !initially.includes(kid));
    expect(announced).toHaveLength(3);
    await pass(day);
    const kidNow = async () => [
      decodeProtectedHeader((await world.signIn(world.clients.web)).body.id_token).kid!,
    ];
    await untilOther(kidNow, [first]);
    expect(announced).toEqual(expect.arrayContaining(await kidNow()));
    const keys = createRemoteJWKSet(new URL(`${world.issuer}/jwks`));
    const old = before.body.id_token;
    await expect(
      jwtVerify(old, keys, { currentDate: new Date(decodeJwt(old).iat! * 1000) }),
    ).resolves.toBeDefined();
  }, 90_000);
});

/** Asks until the answer differs. The server looks after its keys from time to time, and whenever it is told to. */
async function untilOther(ask: () => Promise<string[]>, known: string[]): Promise<void> {
  await world.database.query(`SELECT pg_notify('curfew_keys', '')`);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if ((await ask()).join() !== known.join()) return;
    await pause(100);
  }
  throw new Error('nothing changed');
}
