import { instant, type RequestSignals, unknownSignals } from '@curfew/session-policy';
import { packAuthorization, packSignals, unpackAuthorization, unpackSignals } from './session-columns.js';

const row = {
  id: '01a1fd5d-54c5-7382-8653-509b5807a0c4',
  keyThumbprint: null,
  signedInAt: instant(1_795_302_115_249),
  resources: [],
};
const usual = {
  scope: 'offline_access openid',
  amr: ['pwd'],
  authTime: 1_795_302_115,
  gty: 'authorization_code',
  sid: row.id,
  grant: { openid: { scope: 'offline_access openid' }, rejected: {} },
};

describe('what was authorized, as a row has it', () => {
  it('is little more than its scope where all else goes without saying', () => {
    expect(packAuthorization({ ...row, authorization: usual })).toEqual({ '~': 'stgao', scope: usual.scope });
  });

  it.each<[string, object, object?]>([
    ['as usual', usual],
    ['nothing', {}],
    ['another session’s sid', { ...usual, sid: 'x' }],
    ['an older sign-in', { ...usual, authTime: 1_795_000_000 }],
    ['a second factor', { ...usual, amr: ['pwd', 'otp'] }],
    ['no amr', { ...usual, amr: undefined }],
    ['a device', { ...usual, gty: 'urn:ietf:params:oauth:grant-type:device_code' }],
    ['less granted than asked', { ...usual, grant: { openid: { scope: 'openid' }, rejected: {} } }],
    ['something rejected', { ...usual, grant: { ...usual.grant, rejected: { openid: { scope: 'email' } } } }],
    ['nothing granted', { ...usual, grant: {} }],
    ['no scope', { ...usual, scope: undefined }],
    ['a key', { ...usual, jkt: 'thumb' }, { keyThumbprint: 'thumb' }],
    ['another key', { ...usual, jkt: 'other' }, { keyThumbprint: 'thumb' }],
    ['a certificate', { ...usual, 'x5t#S256': 'thumb' }, { keyThumbprint: 'thumb' }],
    [
      'an API',
      {
        ...usual,
        scope: 'openid read',
        resource: 'https://a',
        grant: { openid: { scope: 'openid' }, resources: { 'https://a': 'read' }, rejected: {} },
      },
      { resources: ['https://a'] },
    ],
    [
      'two APIs',
      {
        ...usual,
        resource: ['https://a', 'https://b'],
        grant: { resources: { 'https://a': 'read' }, rejected: {} },
      },
      { resources: ['https://a', 'https://b'] },
    ],
    ['claims and nonce', { ...usual, nonce: 'n', claims: { id_token: { email: null } } }],
  ])('comes back as it was: %s', (_, authorization, change = {}) => {
    const around = { ...row, ...change };
    const stored = JSON.parse(
      JSON.stringify(
        packAuthorization({ ...around, authorization: authorization as Record<string, unknown> }),
      ),
    );
    expect(unpackAuthorization(stored, around)).toEqual(authorization);
  });

  it('is read as it is where it was stored whole', () => {
    expect(unpackAuthorization(usual, row)).toEqual(usual);
  });
});

describe('circumstances, as a row has them', () => {
  const known: RequestSignals = {
    ...unknownSignals,
    ip: '192.0.2.7',
    prefix: '192.0.2.0/24',
    operatingSystem: 'Linux',
  };

  it('are those that are known, and the address without its network', () => {
    expect(packSignals(known)).toEqual({ ip: '192.0.2.7', os: 'Linux' });
  });

  it.each<[string, RequestSignals]>([
    ['some known', known],
    ['none known', unknownSignals],
    ['another network', { ...known, prefix: '192.0.0.0/16' }],
    ['no network', { ...known, prefix: null }],
    ['IPv6', { ...known, ip: '2001:db8::7', prefix: '2001:db8::/64' }],
    ['IPv6 without network', { ...known, ip: '2001:db8::7', prefix: null }],
    [
      'all known',
      { ...known, asn: 3320, country: 'DE', deviceId: 'd', tlsFingerprint: 't', userAgentFamily: 'Firefox' },
    ],
  ])('come back as they were: %s', (_, signals) => {
    expect(unpackSignals(JSON.parse(JSON.stringify(packSignals(signals))))).toEqual(signals);
    // As rows had them before anything was left out.
    expect(unpackSignals(JSON.parse(JSON.stringify(signals)))).toEqual(signals);
  });
});
