import fc from 'fast-check';
import {
  SignalsConfigurationError,
  type SignalsOptions,
  SignalsReader,
  UserAgentReader,
} from './signals-reader.js';

const firefox = (version: string) =>
  `Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:${version}) Gecko/20100101 Firefox/${version}`;
const chromeOnAndroid =
  'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36';

const reading = async (
  headers: Record<string, string | string[]>,
  options: Partial<SignalsOptions> = {},
  parameters?: Record<string, unknown>,
) => {
  const reader = await SignalsReader.open({ trustedHops: 0, ...options });
  return reader.read({ socketAddress: '203.0.113.9', headers, parameters });
};

describe('the signals of a request', () => {
  it('are only the address and its network when nothing else is known', async () => {
    expect(await reading({})).toEqual({
      ip: '203.0.113.9',
      prefix: '203.0.113.0/24',
      asn: null,
      country: null,
      userAgentFamily: null,
      operatingSystem: null,
      deviceId: null,
      tlsFingerprint: null,
    });
  });

  it('name browser and system without versions, so that an update is no difference', async () => {
    const before = await reading({ 'user-agent': firefox('128.0') });
    const after = await reading({ 'user-agent': firefox('140.0') });
    expect(before).toMatchObject({ userAgentFamily: 'Firefox', operatingSystem: 'Windows' });
    expect(after).toEqual(before);
  });

  it.each([
    [chromeOnAndroid, 'Chrome', 'Android'],
    ['okhttp/4.12.0', 'okhttp', null],
    ['curl/8.5.0', 'curl', null],
    ['python-requests/2.32', 'python-requests', null],
  ])('of %s are %s on %s', async (agent, family, system) => {
    expect(await reading({ 'user-agent': agent })).toMatchObject({
      userAgentFamily: family,
      operatingSystem: system,
    });
  });

  it('never fail and stay bounded, whatever a client sends', async () => {
    const reader = await SignalsReader.open({
      trustedHops: 1,
      deviceIdHeader: 'X-Device',
      tlsFingerprintHeader: 'X-JA4',
    });
    const text = fc.string({ unit: 'binary', maxLength: 2000 });
    fc.assert(
      fc.property(text, text, text, text, (agent, device, fingerprint, forwarded) => {
        const headers = {
          'user-agent': agent,
          'x-device': device,
          'x-ja4': fingerprint,
          'x-forwarded-for': forwarded,
        };
        const signals = reader.read({ socketAddress: '10.0.0.2', headers });
        return Object.values(signals).every((value) => value === null || String(value).length <= 512);
      }),
    );
  });

  it('take the device identifier from the named header or parameter, and from nowhere else', async () => {
    expect((await reading({ 'x-device': 'd-1' })).deviceId).toBeNull();
    expect((await reading({ 'x-device': 'd-1' }, { deviceIdHeader: 'X-Device' })).deviceId).toBe('d-1');
    expect((await reading({}, { deviceIdParameter: 'device_id' }, { device_id: 'd-2' })).deviceId).toBe(
      'd-2',
    );
  });

  it.each([['x'.repeat(257)], ['ünïcode'], ['\u0000'], [' '], [['a', 'b']], [{ a: 1 }], [7]])(
    'take no device identifier from %j',
    async (value) => {
      const signals = await reading({}, { deviceIdParameter: 'device_id' }, { device_id: value });
      expect(signals.deviceId).toBeNull();
    },
  );

  it('take the TLS fingerprint the proxy added, not the one a client sent before it', async () => {
    const options = { trustedHops: 1, tlsFingerprintHeader: 'X-JA4' };
    const real = 't13d1516h2_8daaf6152771_e5627efa2ab1';
    expect((await reading({ 'x-ja4': `forged, ${real}` }, options)).tlsFingerprint).toBe(real);
    expect((await reading({ 'x-ja4': ['forged', real] }, options)).tlsFingerprint).toBe(real);
  });
});

describe('the options', () => {
  it('refuse a TLS fingerprint header that no trusted proxy could have set', async () => {
    const opening = SignalsReader.open({ trustedHops: 0, tlsFingerprintHeader: 'x-ja4' });
    await expect(opening).rejects.toThrow(SignalsConfigurationError);
  });

  it.each([-1, 0.5, Number.NaN])('refuse %p trusted hops', async (trustedHops) => {
    await expect(SignalsReader.open({ trustedHops })).rejects.toThrow(SignalsConfigurationError);
  });
});

describe('a policy that needs an offline database', () => {
  it.each([
    ['asn', 'CURFEW_MAXMIND_ASN'],
    ['country', 'CURFEW_MAXMIND_COUNTRY'],
  ] as const)('by %s is refused by name when %s is not set', async (ipGranularity, setting) => {
    const reader = await SignalsReader.open({ trustedHops: 0 });
    expect(() => reader.requireFor({ ipChange: 'observe', ipGranularity })).toThrow(
      `a policy with ipGranularity "${ipGranularity}" needs ${setting}, which is not set`,
    );
  });

  it('is no fault while the policy does not look at it', async () => {
    const reader = await SignalsReader.open({ trustedHops: 0 });
    reader.requireFor({ ipChange: 'off', ipGranularity: 'asn' });
    reader.requireFor({ ipChange: 'end', ipGranularity: 'prefix' });
    reader.requireFor({ ipChange: 'end', ipGranularity: 'exact' });
    expect(reader.provides).toEqual({ asn: false, country: false });
    expect(reader.faults).toEqual([]);
  });
});

describe('values of User-Agent', () => {
  it('are two thousand', () => {
    const reader = new UserAgentReader();
    const first = reader.read('agent-0/1');
    for (let n = 1; n < 2_000; n += 1) reader.read(`agent-${n}/1`);
    expect(reader.read('agent-0/1')).toBe(first);
    const second = reader.read('agent-1/1');
    reader.read('one-more/1');
    reader.read('another/1');
    expect(reader.read('agent-1/1')).toBe(second);
    expect(reader.read('agent-0/1')).toBe(first);
  });
});
