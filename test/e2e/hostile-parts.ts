import { marker } from './hostile-world.js';

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

/** Paths that the servers know, and some that they do not. */
export const paths: Readonly<Record<'auth' | 'gateway', readonly string[]>> = {
  auth: words(`/token /introspection /introspection/batch /revocation /par /device/authorization /userinfo /authorize /device
    /logout /logout/confirm /logout/success /jwks /.well-known/openid-configuration /.well-known/oauth-authorization-server
    /.well-known/ssf-configuration /sign-in / /sessions /applications /password /interaction/5f8a9d4e-3a51-4c63-9d55-0c6f6f0c1d11
    /assets/x.css /session-feed /session-feed/acknowledgements /streams /health/live /health/ready /nowhere`),
  gateway:
    words(`/ /admin /admin/users /Report /report /open/x /projects/a%2Fb /local /health/live /health/ready /forward-auth
    /forward-auth/x /nowhere /signed-in /sign-in /callback`),
};

/** Methods, the usual ones more often. */
export const methods = words(
  'GET GET GET GET POST POST POST POST PUT PATCH DELETE HEAD OPTIONS TRACE PROPFIND',
);

/** Names of parameters that endpoints read, and names that mean something to JavaScript. */
export const names =
  words(`grant_type code code_verifier redirect_uri refresh_token scope resource client_id client_secret client_assertion
  client_assertion_type token token_type_hint touch response_type response_mode state nonce prompt max_age login_hint acr_values claims
  request request_uri code_challenge code_challenge_method dpop_jkt id_token_hint post_logout_redirect_uri user_code device_code xsrf
  confirm abort csrf username password next access_token authorization_details registration limit cursor from type account client
  __proto__ constructor a[b] a[] toString`);

/** Texts that have broken servers before, each with the marker, so that it can be seen coming back. */
export const texts: readonly string[] = [
  '',
  marker,
  '\0',
  `${marker}\0`,
  `"'><${marker}>`,
  `</script><${marker}>`,
  `\r\nX-Injected: ${marker}`,
  `../../${marker}`,
  `javascript:${marker}`,
  `https://${marker}.example/`,
  `//${marker}.example`,
  `/\\${marker}.example`,
  `http://[${marker}]/`,
  `http://127.0.0.1:1/${marker}`,
  `com.example.${marker}:/back`,
  `{"${marker}":1}`,
  '['.repeat(2_000),
  'eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.',
  `eyJhbGciOiJFUzI1NiIsInR5cCI6ImRwb3Arand0In0.e30.${marker}`,
  `eyJhbGciOiJIUzI1NiIsImtpZCI6Ii4uLy4uLyJ9.eyJzdWIiOiJ4In0.${marker}`,
  `cfw_at_${marker}`,
  `cfw_rt_${marker}`,
  ...words(
    '-1 0 1e400 99999999999999999999 NaN true null undefined [] {} 2026-02-30T00:00:00Z +275760-09-13T00:00:00.001Z %00%ff%zz',
  ),
  '\ud83d\ude00',
  '\ud800',
  '\u202e',
  '\ufeff',
  'ﬀ',
  'x'.repeat(6_000),
  `' OR 1=1; DROP TABLE session; --${marker}`,
  `urn:ietf:params:oauth:request_uri:${marker}`,
  'none login consent',
  'openid offline_access email profile',
  ...words(
    'authorization_code refresh_token client_credentials code S256 plain form_post query.jwt none login',
  ),
];

/** Media types of bodies. */
export const types =
  words(`application/x-www-form-urlencoded application/x-www-form-urlencoded application/json application/json text/plain
  multipart/form-data;boundary=x application/x-www-form-urlencoded;charset=utf-7 application/json;charset=utf-16
  application/secevent+jwt application/problem+json ${marker}/${marker} ;`);

/** Headers that the servers read, or that proxies and browsers send beside them, with values of their own. */
export const headers: Readonly<Record<string, readonly string[]>> = {
  accept: words(
    `application/json text/html */* image/png text/event-stream application/jwt ;q=x ${marker}/x`,
  ),
  'accept-language': ['de-DE,en;q=0.5', 'x'.repeat(3_000)],
  'accept-encoding': ['gzip, br', 'identity;q=0, *;q=0'],
  origin: ['null', `https://${marker}.example`, 'https://app.example.test'],
  referer: [`https://${marker}.example/?code=x`],
  cookie: [
    `curfew=${marker}; curfew.sig=x`,
    `__Host-curfew="${marker}`,
    `a=${'b'.repeat(3_000)}`,
    ';;==;',
    '__proto__=x',
  ],
  dpop: [marker, 'a.b.c'],
  forwarded: [`for="[::1]";proto=https;host=${marker}.example`, 'for=unknown;;'],
  'x-forwarded-for': [`${marker}, 1.2.3.4`, '::ffff:1.2.3.4', ','.repeat(500)],
  'x-forwarded-host': [`${marker}.example`, 'asked.example.test', 'asked.example.test, orders.example.test'],
  'x-forwarded-proto': ['https', 'http, https', 'javascript'],
  'x-forwarded-port': ['443', '99999'],
  'x-forwarded-prefix': [`/${marker}`, '//'],
  'x-forwarded-uri': ['/admin', `/open/../admin?${marker}`, '/%', 'open'],
  'x-forwarded-method': ['GET', 'DELETE', 'get', `${marker}`],
  'x-original-url': ['/admin'],
  'x-http-method-override': ['DELETE'],
  'x-request-id': [`<${marker}>`, 'x'.repeat(500)],
  traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', '00-0-0-0'],
  'user-agent': [`Mozilla/5.0 (${marker})`, ''],
  'sec-fetch-site': ['cross-site', 'none'],
  'sec-fetch-mode': ['navigate', 'cors', marker],
  'access-control-request-method': ['POST', marker],
  'access-control-request-headers': [`authorization, ${marker}`],
  'content-encoding': ['gzip', 'identity', 'br, gzip'],
  'last-event-id': [marker, '1.1.x', '-1'],
  'if-match': ['"1"', '*', `W/"${marker}"`, 'x'],
  'if-none-match': ['*', `"${marker}"`],
  'idempotency-key': [marker, 'x'.repeat(3_000), ''],
  range: ['bytes=0-', 'bytes=9-1,-'],
  expect: ['100-continue', marker],
  upgrade: ['h2c', 'websocket'],
  prefer: ['respond-async'],
  'client-cert': [`:${marker}:`],
};

/** The headers in which a proxy describes the request it asks about. */
export const askedAbout = {
  'x-forwarded-method': 'GET',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'asked.example.test',
  'x-forwarded-uri': '/open/x',
};

/** Bodies that are no form and no JSON, or are endless. */
export const rawBodies: readonly string[] = [
  '',
  '{',
  '[]',
  'null',
  '"x"',
  '1e999',
  '['.repeat(20_000),
  '{"a":'.repeat(3_000),
  `{"__proto__":{"scope":"${marker}"},"constructor":{"prototype":1}}`,
  '&&&===&',
  'token=a&token=b&token[]=c&token[d]=e',
  'a=%zz&b=%ff&c=%00',
  '\xff\xfe\x00\x00',
  '\xef\xbb\xbf{}',
  `--x\r\nContent-Disposition: form-data; name="token"\r\n\r\n${marker}\r\n--x--`,
  `token=${'x'.repeat(300_000)}`,
];
