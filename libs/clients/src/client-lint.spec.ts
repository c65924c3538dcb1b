import { lintClient } from './client-lint.js';
import { checkRegistration } from './client-rules.js';

const codesOf = (more: object) => {
  const input = { client_name: 'x', redirect_uris: ['https://app.example.test/cb'], ...more };
  const { metadata } = checkRegistration(input, { allowPrivateAddresses: false });
  return lintClient({ metadata }).map(({ code }) => code);
};

describe('a registration', () => {
  it('has nothing to say of the usual client', () => {
    expect(codesOf({})).toEqual([]);
  });

  it('is warned of where PKCE is not required', () => {
    expect(codesOf({ require_pkce: false })).toEqual(['pkce_not_required']);
  });

  it('has a note where assertions may name an endpoint', () => {
    const keys = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example.test/jwks' };
    expect(codesOf({ ...keys, assertion_audience: 'any' })).toEqual(['assertions_for_endpoints']);
  });

  it('has a note where an app has a scheme of its own', () => {
    expect(codesOf({ application_type: 'native', redirect_uris: ['com.example.app:/cb'] })).toEqual([
      'scheme_of_an_app',
    ]);
  });

  it.each([
    [{ max_lifetime: 60 }, []],
    [{}, ['exchange_for_long']],
    [{ max_depth: 2, max_lifetime: 60 }, ['exchange_in_turn']],
  ])('has a note where its right to exchange tokens is wide: %j', (bounds, codes) => {
    const resource = 'https://stock.example.test';
    const grant_types = ['authorization_code', 'urn:ietf:params:oauth:grant-type:token-exchange'];
    expect(codesOf({ grant_types, token_exchange: [{ resource, scope: 'stock:read', ...bounds }] })).toEqual(
      codes,
    );
  });
});
