import { generateKeyPairSync } from 'node:crypto';
import { checkRegistration } from './client-rules.js';
import { RegistrationError } from './registration-error.js';

const rules = { allowPrivateAddresses: false };
const orders = 'https://orders.example.test';
const redirect = 'https://app.example.test/callback';
const web = { client_name: 'Web', redirect_uris: [redirect] };
const publicJwk = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

const faultsOf = (input: unknown, under = rules): readonly string[] => {
  try {
    checkRegistration(input, under);
    return [];
  } catch (error) {
    if (error instanceof RegistrationError) return [error.code, ...error.violations];
    throw error;
  }
};

describe('a registration', () => {
  it('takes the defaults of RFC 7591, and ES256', () => {
    expect(checkRegistration(web, rules)).toEqual({
      name: 'Web',
      resource: null,
      metadata: {
        redirect_uris: [redirect],
        post_logout_redirect_uris: [],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        application_type: 'web',
        token_endpoint_auth_method: 'client_secret_basic',
        id_token_signed_response_alg: 'ES256',
        dpop_bound_access_tokens: false,
        require_pushed_authorization_requests: false,
        backchannel_logout_session_required: true,
        contacts: [],
        resources: [],
      },
    });
  });

  it('says nothing of members that have their defaults, so that older versions can read them', () => {
    const spelt = { ...web, require_pkce: true };
    expect(checkRegistration(spelt, rules)).toEqual(checkRegistration(web, rules));
    const keys = { ...web, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicJwk()] } };
    expect(checkRegistration({ ...keys, assertion_audience: 'issuer' }, rules)).toEqual(
      checkRegistration(keys, rules),
    );
    expect(checkRegistration({ ...keys, assertion_audience: 'any' }, rules).metadata).toMatchObject({
      assertion_audience: 'any',
    });
    expect(checkRegistration({ ...web, require_pkce: false }, rules).metadata).toMatchObject({
      require_pkce: false,
    });
  });

  it('binds tokens to a key or to a certificate, and says nothing of certificates where there are none', () => {
    const certified = { ...web, tls_client_certificate_bound_access_tokens: true };
    expect(checkRegistration(certified, rules).metadata).toMatchObject({
      tls_client_certificate_bound_access_tokens: true,
    });
    const not = { ...web, tls_client_certificate_bound_access_tokens: false };
    expect(checkRegistration(not, rules)).toEqual(checkRegistration(web, rules));
    expect(faultsOf({ ...certified, dpop_bound_access_tokens: true })).toEqual([
      'invalid_client_metadata',
      'dpop_bound_access_tokens and tls_client_certificate_bound_access_tokens must not be used together',
    ]);
  });

  it('reports every fault together, by name and never by value', () => {
    const faults = faultsOf({
      client_name: '',
      redirect_uris: ['http://evil-value.test/#x'],
      grant_types: ['implicit-value'],
      scope: 'two  spaces-value',
      pkce: 'value',
    });
    expect(faults).toHaveLength(6);
    expect(faults[0]).toBe('invalid_client_metadata');
    expect(faults.join()).not.toContain('value');
    expect(faults.join()).toContain('"pkce" is not a member');
  });

  it.each([
    ['nothing', undefined],
    ['a list', []],
    ['a text', 'client'],
    ['a null', null],
  ])('that is %s is refused', (_, input) => {
    expect(faultsOf(input)).toEqual(['invalid_client_metadata', 'a registration must be an object']);
  });

  it('needs a name', () => {
    expect(faultsOf({ redirect_uris: [redirect] })).toEqual([
      'invalid_client_metadata',
      'client_name is required',
    ]);
  });

  it('names its redirect URIs as the fault if they alone are wrong (RFC 7591 §3.2.2)', () => {
    expect(faultsOf({ ...web, redirect_uris: ['https://app.example.test/#'] })).toEqual([
      'invalid_redirect_uri',
      'redirect_uris[0] must not have a fragment',
    ]);
  });

  it.each([
    ['no redirect URI for the code grant', { client_name: 'x' }],
    ['redirect URIs without the code grant', { ...web, grant_types: ['client_credentials'] }],
    [
      'refresh tokens without a grant that gives them',
      { client_name: 'x', grant_types: ['client_credentials', 'refresh_token'] },
    ],
    [
      'client credentials of a public client',
      { client_name: 'x', grant_types: ['client_credentials'], token_endpoint_auth_method: 'none' },
    ],
    ['no grant at all', { client_name: 'x', grant_types: [] }],
    ['a public resource server', { ...web, resource: orders, token_endpoint_auth_method: 'none' }],
    ['private_key_jwt without keys', { ...web, token_endpoint_auth_method: 'private_key_jwt' }],
    ['keys without private_key_jwt', { ...web, jwks: { keys: [publicJwk()] } }],
    [
      'keys given in two ways',
      {
        ...web,
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicJwk()] },
        jwks_uri: 'https://app.example.test/jwks',
      },
    ],
    ['an assertion algorithm without assertions', { ...web, token_endpoint_auth_signing_alg: 'ES256' }],
    ['the implicit response type', { ...web, response_types: ['token'] }],
    [
      'a response type without the code grant',
      { client_name: 'x', grant_types: ['client_credentials'], response_types: ['code'] },
    ],
    ['certificates, which are reserved', { ...web, token_endpoint_auth_method: 'tls_client_auth' }],
    [
      'client_secret_jwt, whose secret we would have to keep in clear',
      { ...web, token_endpoint_auth_method: 'client_secret_jwt' },
    ],
    ['an entry twice', { ...web, redirect_uris: [redirect, redirect] }],
    ['the scheme of an app, for a web client', { ...web, redirect_uris: ['com.example.app:/callback'] }],
    [
      'the scheme of an app to sign out to, for a web client',
      { ...web, post_logout_redirect_uris: ['com.example.app:/'] },
    ],
    ['no PKCE for a public client', { ...web, token_endpoint_auth_method: 'none', require_pkce: false }],
    ['no PKCE for bound tokens', { ...web, dpop_bound_access_tokens: true, require_pkce: false }],
    [
      'no PKCE where requests must be pushed',
      { ...web, require_pushed_authorization_requests: true, require_pkce: false },
    ],
    ['an audience of assertions without assertions', { ...web, assertion_audience: 'any' }],
    [
      'any audience of assertions for bound tokens',
      {
        ...web,
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [publicJwk()] },
        dpop_bound_access_tokens: true,
        assertion_audience: 'any',
      },
    ],
    ['a default scope beyond what it may ask for', { ...web, scope: 'read', default_scope: 'read write' }],
    ['a default scope that is none', { ...web, default_scope: 'two  spaces' }],
    ['an algorithm of no security', { ...web, id_token_signed_response_alg: 'none' }],
    ['a link that runs script', { ...web, logo_uri: 'javascript:alert(1)' }],
  ])('is refused with %s', (_, input) => {
    expect(faultsOf(input).length).toBeGreaterThan(1);
  });

  it.each([
    [
      'a public client',
      { ...web, token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] },
    ],
    ['a machine', { client_name: 'x', grant_types: ['client_credentials'], resources: [orders] }],
    [
      'a device',
      {
        client_name: 'x',
        token_endpoint_auth_method: 'none',
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code', 'refresh_token'],
      },
    ],
    ['a resource server', { client_name: 'x', grant_types: [], resource: orders }],
    [
      'an app on a phone',
      {
        ...web,
        application_type: 'native',
        token_endpoint_auth_method: 'none',
        redirect_uris: ['com.example.app:/callback'],
        post_logout_redirect_uris: ['com.example.app:/'],
      },
    ],
    ['a confidential client that sends a nonce instead of PKCE', { ...web, require_pkce: false }],
    ['a default scope', { ...web, scope: 'read write', default_scope: 'openid read' }],
    [
      'a client with its own keys',
      { ...web, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [publicJwk()] } },
    ],
    [
      'a client with keys elsewhere',
      { ...web, token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example.test/jwks' },
    ],
  ])('is accepted for %s', (_, input) => {
    expect(faultsOf(input)).toEqual([]);
  });

  it('takes private addresses to fetch from in development only', () => {
    const local = {
      ...web,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'http://127.0.0.1:4000/jwks',
    };
    expect(faultsOf(local)).toEqual(['invalid_client_metadata', 'jwks_uri must use https']);
    expect(faultsOf({ ...local, jwks_uri: 'https://10.1.2.3/jwks' })).toEqual([
      'invalid_client_metadata',
      'jwks_uri must name a public host',
    ]);
    expect(faultsOf(local, { allowPrivateAddresses: true })).toEqual([]);
    expect(faultsOf({ ...web, backchannel_logout_uri: 'https://localhost/logout' })).toHaveLength(2);
  });

  it.each([
    [
      'a private key',
      () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
    ],
    ['a symmetric key', () => ({ kty: 'oct', k: 'c2VjcmV0' })],
    [
      'a short RSA key',
      () => generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' }),
    ],
    [
      'an unusual curve',
      () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'jwk' }),
    ],
    ['a point that is on no curve', () => ({ kty: 'EC', crv: 'P-256', x: 'AAAA', y: 'AAAA' })],
    ['a key for encryption', () => ({ ...publicJwk(), use: 'enc' })],
  ])('is refused with %s in its key set', (_, key) => {
    const faults = faultsOf({
      ...web,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [key()] },
    });
    expect(faults).toHaveLength(2);
    expect(faults[1]).toMatch(/^jwks\.keys\[0\] must/);
  });
});

describe('the right to exchange tokens (RFC 8693)', () => {
  const grant = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const right = { resource: 'https://stock.example.test', scope: 'stock:read' };
  const acting = { client_name: 'Orders', grant_types: [grant], resource: orders, token_exchange: [right] };

  it('is kept as it was given', () => {
    expect(checkRegistration(acting, rules).metadata.token_exchange).toEqual([right]);
  });

  it.each([
    [{ grant_types: [] }, 'token_exchange must have an entry'],
    [{ token_exchange: [] }, 'token_exchange must have an entry'],
    [{ token_exchange: undefined }, 'token_exchange must have an entry'],
    [{ token_endpoint_auth_method: 'none', resource: null }, 'must not be none with the grant type'],
    [{ token_exchange: [right, { ...right, scope: 'stock:write' }] }, 'must name each API once'],
    [{ token_exchange: [{ ...right, max_depth: 6 }] }, 'token_exchange[0].max_depth must be at most 5'],
    [{ token_exchange: [{ ...right, max_depth: 0 }] }, 'token_exchange[0].max_depth must be at least 1'],
    [
      { token_exchange: [{ ...right, max_lifetime: 1.5 }] },
      'token_exchange[0].max_lifetime must be a whole number',
    ],
    [{ token_exchange: [{ resource: right.resource }] }, 'token_exchange[0].scope is required'],
    [{ token_exchange: [{ ...right, scopes: 'x' }] }, 'is not a member'],
  ])('is refused where it is not whole: %j', (change, sentence) => {
    expect(faultsOf({ ...acting, ...change }).join()).toContain(sentence);
  });
});
