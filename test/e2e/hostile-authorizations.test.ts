import { decodeJwt } from 'jose';
import { marker } from './hostile-world.js';
import { asHeader, authorizationRequest, ProtocolWorld, pkce } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

/** Values that a parameter of a request that is right otherwise must survive. */
const oddValues = [
  '\0',
  'a\0b',
  '\ud83d\ude00'.repeat(40),
  'x'.repeat(3_000),
  `"'><${marker}>`,
  `\r\nX-Injected: ${marker}`,
  '{"userinfo":{"__proto__":null}}',
  '-1',
  '1e400',
  '%00',
  '\ufffd\u202e',
  `https://${marker}.example/#x`,
] as const;
const oddParameters = [
  'state',
  'nonce',
  'login_hint',
  'acr_values',
  'ui_locales',
  'claims',
  'claims_locales',
  'display',
  'max_age',
  'id_token_hint',
  'dpop_jkt',
  'resource',
  'scope',
  'prompt',
  'response_mode',
  'request',
  'request_uri',
  'registration',
] as const;

describe('an authorization with one odd parameter', () => {
  it.each(oddParameters)('is refused or goes all the way: %s', async (name) => {
    const { person } = await world.authorize(world.clients.web);
    for (const odd of oddValues) {
      const extra = name === 'scope' ? { scope: `openid ${odd}` } : { [name]: odd };
      const { page, code, verifier } = await world.authorize(world.clients.web, extra, person);
      expect([name, odd, page.status < 500]).toEqual([name, odd, true]);
      expect(page.body).not.toContain(`<${marker}`);
      if (code === '') continue;
      const { status, body } = await world.redeem(world.clients.web, code, verifier);
      // A code that is bound to a key asks for its proof.
      const expected = name === 'dpop_jkt' ? 400 : 200;
      expect([name, odd, status]).toEqual([name, odd, expected]);
      if (expected === 400) continue;
      if (name === 'nonce') expect(decodeJwt(body.id_token)['nonce']).toBe(odd);
      expect((await world.refresh(world.clients.web, body.refresh_token)).status).toBe(200);
    }
  });

  it.each(oddParameters)('is refused or pushed: %s', async (name) => {
    const { challenge } = pkce();
    for (const odd of oddValues) {
      const form = authorizationRequest(world.clients.web, world.callback, {
        code_challenge: challenge,
        code_challenge_method: 'S256',
        [name]: odd,
      });
      const { status, body } = await world.post('/par', form, asHeader(world.clients.web));
      expect([name, odd, status < 500]).toEqual([name, odd, true]);
      if (status >= 400) expect(JSON.stringify(body)).not.toContain(marker);
    }
  });

  it('leaves nothing in the log of errors', () => {
    expect(world.server.output()).not.toMatch(/"level":"error"/);
  });
});
