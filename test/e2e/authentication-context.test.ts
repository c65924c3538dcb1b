import { decodeJwt } from 'jose';
import { Person } from '../support/person.js';
import { ledger, orders, ProtocolWorld } from './protocol-world.js';

let world: ProtocolWorld;
beforeAll(async () => {
  world = await ProtocolWorld.start();
}, 60_000);
afterAll(() => world?.stop());

const sfa = 'urn:curfew:acr:sfa';
const mfa = 'urn:curfew:acr:mfa';

/** A `claims` parameter that asks for `acr` in the ID token. */
const acrClaim = (request: unknown) => ({ claims: JSON.stringify({ id_token: { acr: request } }) });
const proofIn = (token: string) => {
  const { acr, amr, auth_time } = decodeJwt(token) as Record<string, unknown>;
  return { acr, amr, auth_time };
};
const proved = { acr: sfa, amr: ['pwd'], auth_time: expect.any(Number) };

describe('what was proved at a sign-in', () => {
  it('stands in the ID token and in introspection, and a refresh changes nothing of it', async () => {
    const { web } = world.clients;
    const first = await world.signIn(web, { scope: 'openid orders:read', resource: orders });
    const told = proofIn(first.body.id_token);
    expect(told).toEqual(proved);
    const refreshed = await world.refresh(web, first.body.refresh_token);
    expect(proofIn(refreshed.body.id_token)).toEqual(told);
    expect((await world.introspect(refreshed.body.access_token)).body).toMatchObject(told);
  });

  it('is told of with the language that the application asked for, else that of the browser', async () => {
    const { username, password } = world.data.accounts[1]!;
    const told = async () => {
      const [row] = await world.database.query<{ language: string }>(
        `SELECT data ->> 'language' AS language FROM event WHERE type = 'signin.succeeded' ORDER BY xid DESC, id DESC LIMIT 1`,
      );
      return row?.language;
    };
    const signIn = (browser: string, extra = {}) =>
      world.signIn(world.clients.web, extra, new Person(username, password, { 'accept-language': browser }));
    await signIn('en', { ui_locales: 'fr de' });
    expect(await told()).toBe('de');
    await signIn('de-CH, en;q=0.3', { ui_locales: 'fr' });
    expect(await told()).toBe('de');
    await signIn('fr');
    expect(await told()).toBe('en');
  });

  it('stands in JWT access tokens (RFC 9068 §2.2.1)', async () => {
    const first = await world.signIn(world.clients.web, { scope: 'openid', resource: ledger });
    expect(proofIn(first.body.access_token)).toEqual(proved);
  });
});

describe('a request for an authentication context class', () => {
  it.each([
    ['acr_values', { acr_values: `gold ${mfa}` }],
    ['acr_values that were proved', { acr_values: `${mfa} ${sfa}` }],
    ['a claim that is no demand', acrClaim({ values: [mfa] })],
    ['a claim without value', acrClaim(null)],
    ['a demand for any', acrClaim({ essential: true })],
    ['a demand that was proved', acrClaim({ essential: true, values: ['gold', sfa] })],
  ])('is answered with what was proved, by %s', async (_, asked) => {
    const { body } = await world.signIn(world.clients.web, asked as Record<string, string>);
    expect(proofIn(body.id_token).acr).toBe(sfa);
  });

  const unmet = { error: 'unmet_authentication_requirements', iss: expect.any(String), state: 'xyz' };
  it.each([
    ['of an unknown class', acrClaim({ essential: true, values: ['gold'] })],
    ['of one unknown value', acrClaim({ essential: true, value: 'gold' })],
    ['of more than the account can prove', acrClaim({ essential: true, value: mfa })],
    ['that acr_values would weaken', { ...acrClaim({ essential: true, values: [mfa] }), acr_values: sfa }],
  ])('is refused to the client where it is a demand %s', async (_, asked) => {
    const { query } = await world.authorize(world.clients.web, asked);
    expect(Object.fromEntries(query)).toMatchObject(unmet);
    expect(query.has('code')).toBe(false);
  });

  it.each([{ essential: true, values: 'gold' }, { essential: true, values: [7] }, { value: { gold: true } }])(
    'is refused where its values are no strings: %j',
    async (request) => {
      const { query } = await world.authorize(world.clients.web, acrClaim(request));
      expect(query.get('error')).toBe('invalid_request');
    },
  );
});
