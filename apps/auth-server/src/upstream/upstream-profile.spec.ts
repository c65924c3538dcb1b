import type { UpstreamClaims } from './upstream-client.js';
import { verifiedEmail, withUserinfo } from './upstream-profile.js';

const idToken = (claims: Readonly<Record<string, unknown>>) =>
  ({ iss: 'https://idp.test', sub: 'one', aud: 'here', iat: 1, exp: 2, ...claims }) as UpstreamClaims;

const mine = 'mine@corp.test';
const victims = 'victim@corp.test';

describe('an address of email that a provider tells', () => {
  it.each([
    ['verified in the ID token', { email: mine, email_verified: true }, {}, mine],
    ['verified at userinfo', {}, { email: mine, email_verified: true }, mine],
    [
      'verified there, and the same in the ID token',
      { email: mine },
      { email: mine, email_verified: true },
      mine,
    ],
    [
      'verified in the ID token, and the same there',
      { email: mine, email_verified: true },
      { email: mine },
      mine,
    ],
    ['verified here, and another there', { email: mine, email_verified: true }, { email: victims }, mine],
    [
      'another than the one verified there',
      { email: victims },
      { email: mine, email_verified: true },
      undefined,
    ],
    [
      'told there, and verified is another',
      { email: mine, email_verified: true },
      { email: victims, email_verified: true },
      mine,
    ],
    ['verified without an address in the ID token', { email_verified: true }, { email: victims }, undefined],
    [
      'verified without an address in the ID token, and not there',
      { email_verified: true },
      { email: victims, email_verified: false },
      undefined,
    ],
    [
      'refuted without an address in the ID token',
      { email_verified: false },
      { email: mine, email_verified: true },
      mine,
    ],
    [
      'refuted in the ID token',
      { email: mine, email_verified: false },
      { email: mine, email_verified: true },
      undefined,
    ],
    ['verified at userinfo without an address', { email: victims }, { email_verified: true }, undefined],
    ['verified by another word than true', { email: mine, email_verified: 'true' }, {}, undefined],
    ['nothing', { email: null }, { email: mine, email_verified: true }, undefined],
  ])('is the person’s own by what is said of it: %s', (_, claims, told, own) => {
    expect(verifiedEmail(withUserinfo(idToken(claims), { sub: 'one', ...told }))).toBe(own);
  });

  it('comes beside names, of which the ID token is not overruled', () => {
    const both = withUserinfo(idToken({ name: 'One' }), {
      sub: 'one',
      name: 'Two',
      preferred_username: 'two',
    });
    expect(both).toMatchObject({ sub: 'one', name: 'One', preferred_username: 'two' });
  });
});
