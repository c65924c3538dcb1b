import { isPublicAddress } from './public-address.js';
import { audienceFault, redirectUriFault } from './uri-rules.js';

describe('redirect URIs', () => {
  it.each([
    'https://app.example.test/callback',
    'https://app.example.test',
    'https://app.example.test:8443/cb?x=1',
    'http://localhost:3003/callback',
    'http://127.0.0.1/cb',
    'http://[::1]:9000/cb',
    // RFC 8252 §7.1: schemes of apps.
    'com.example.app:/oauth2redirect',
    'com.example.app:/oauth2redirect/example-provider',
    'com.example.app:/',
    'com.example-corp.app2:/cb?x=1',
    'org.4chan.app:/cb',
    'com.example.app://callback',
    'com.example.app://auth/callback',
  ])('may be %s', (uri) => {
    expect(redirectUriFault(uri)).toBeNull();
  });

  it.each([
    'http://app.example.test/callback',
    'https://app.example.test/callback#',
    'https://app.example.test/callback#fragment',
    'https://user@app.example.test/',
    'https://user:password@app.example.test/',
    'https://*.example.test/callback',
    'https://app.example.test/../callback',
    'https://app.example.test/%2e%2e/callback',
    'https://APP.example.test/callback',
    'https://app.example.test:443/callback',
    'https://app.example.test\\@evil.test/',
    'https://app.example.test/ callback',
    'https://app.example.test/\u0000',
    'https://app.ex\u0430mple.test/',
    'http://localhost.evil.test/',
    'http://127.0.0.1.evil.test/',
    'http://0x7f.1/cb',
    'http://2130706433/cb',
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://app.example.test/1',
    'about:blank',
    'intent://scan/#Intent;scheme=zxing;end',
    'myapp:/callback',
    'myapp://callback',
    'claude://callback',
    'com.example.app:callback',
    'com.example.app:///callback',
    'com.example.app://',
    'com.example.app:',
    'com.example.app://user@callback',
    'com.example.app://callback/../x',
    'com.example.app:/../callback',
    'com.example.app:/callback#fragment',
    'COM.example.app:/callback',
    'com..app:/callback',
    'com.example.:/callback',
    'com.example+x.app:/callback',
    '.example.app:/callback',
    'javascript.com:alert(1)',
    '//app.example.test/callback',
    '/callback',
    'callback',
    '',
    `https://app.example.test/${'a'.repeat(2048)}`,
  ])('may not be %j', (uri) => {
    expect(redirectUriFault(uri)).not.toBeNull();
  });
});

describe('public addresses', () => {
  it.each(['9.9.9.9', '2620:fe::fe', '1.1.1.1'])('include %s', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '198.18.0.1',
    '192.0.2.1',
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    '::7f00:1',
    '::ffff:7f00:1',
    '::ffff:0:7f00:1',
    'fe80::1%eth0',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '2002:a00:1::',
    '2001:db8::1',
    '2001:0:7f00:1::',
    'fec0::1',
    '100::1',
    '4000::1',
    'example.test',
    '',
  ])('do not include %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('audiences', () => {
  it('are absolute URIs without fragment (RFC 8707 §2)', () => {
    expect(audienceFault('https://orders.example.test')).toBeNull();
    expect(audienceFault('urn:example:orders')).toBeNull();
    expect(audienceFault('orders')).not.toBeNull();
    expect(audienceFault('https://orders.example.test#x')).not.toBeNull();
    expect(audienceFault(`https://orders.example.test/${'a'.repeat(512)}`)).not.toBeNull();
  });
});
