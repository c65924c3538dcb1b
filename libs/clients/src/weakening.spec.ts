import { checkRegistration } from './client-rules.js';
import { weakenedBy } from './weakening.js';

const shop = {
  client_name: 'Shop',
  redirect_uris: ['https://shop.example.test/callback'],
  grant_types: ['authorization_code', 'refresh_token'],
};
const metadata = (change: object) =>
  checkRegistration({ ...shop, ...change }, { allowPrivateAddresses: false }).metadata;
const keys = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://shop.example.test/keys' };
const nobody = { token_endpoint_auth_method: 'none' };
const posted = { token_endpoint_auth_method: 'client_secret_post' };
const bound = { dpop_bound_access_tokens: true };
const certified = { tls_client_certificate_bound_access_tokens: true };

describe('a change of a client', () => {
  it.each([
    ['the refresh grant is gone', {}, { grant_types: ['authorization_code'] }, ['grant_types']],
    ['a secret instead of a key', keys, {}, ['token_endpoint_auth_method']],
    ['nothing instead of a secret', {}, nobody, ['token_endpoint_auth_method']],
    ['tokens that are bound no more', bound, {}, ['dpop_bound_access_tokens']],
    ['tokens that must be bound from now on', nobody, { ...nobody, ...bound }, ['dpop_bound_access_tokens']],
    [
      'tokens that need no certificate any more',
      certified,
      {},
      ['tls_client_certificate_bound_access_tokens'],
    ],
    [
      'all of it',
      { ...keys, ...bound },
      { ...nobody, grant_types: ['authorization_code'] },
      ['grant_types', 'token_endpoint_auth_method', 'dpop_bound_access_tokens'],
    ],
  ])('weakens what was given before: %s', (_, before, after, members) => {
    expect(weakenedBy(metadata(before), metadata(after))).toEqual(members);
  });

  it.each([
    ['another name', {}, { client_name: 'Store' }],
    ['another redirect URI', {}, { redirect_uris: ['https://shop.example.test/back'] }],
    ['the other way to send its secret', {}, posted],
    ['a key instead of a secret', {}, keys],
    ['a secret where there was nothing', nobody, {}],
    ['other keys', keys, { ...keys, jwks_uri: 'https://shop.example.test/new-keys' }],
    ['the refresh grant for the first time', { grant_types: ['authorization_code'] }, {}],
    ['nothing', bound, bound],
  ])('leaves what was given before as good as it was: %s', (_, before, after) => {
    expect(weakenedBy(metadata(before), metadata(after))).toEqual([]);
  });
});
