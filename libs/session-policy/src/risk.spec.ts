import fc from 'fast-check';
import { after, aPolicy, aSession, nothingKnown, signals, someSignals } from '../test/builders.js';
import { assessRisk, type RequestSignals, steppedUp, stepUpDemanded } from '../test/domain.js';

const calm = { stepUpRequiredAt: null, steppedUpAt: null };
const outstanding = { stepUpRequiredAt: after('1m'), steppedUpAt: null };

const watchful = aPolicy({
  ipChange: 'step_up',
  ipGranularity: 'asn',
  deviceMismatch: 'end',
  tlsFingerprintChange: 'observe',
});

describe('an assessment of risk', () => {
  it('finds nothing where nothing differs', () => {
    expect(assessRisk(someSignals, someSignals, watchful, calm)).toEqual({ action: 'none', findings: [] });
  });

  it('never takes what is unknown on either side for a difference', () => {
    expect(assessRisk(someSignals, nothingKnown, watchful, calm).action).toBe('none');
    expect(assessRisk(nothingKnown, someSignals, watchful, calm).action).toBe('none');
  });

  it('lists every finding and takes the strongest action', () => {
    const seen = signals({ asn: 64_501, userAgentFamily: 'curl', tlsFingerprint: 'tls-2' });
    expect(assessRisk(someSignals, seen, watchful, calm)).toEqual({
      action: 'end',
      findings: [
        { signal: 'ip', action: 'step_up', fields: ['asn'] },
        { signal: 'device', action: 'end', fields: ['userAgentFamily'] },
        { signal: 'tls_fingerprint', action: 'observe', fields: ['tlsFingerprint'] },
      ],
    });
  });

  it('leaves out what the policy has switched off', () => {
    const blind = aPolicy({ ipChange: 'off', deviceMismatch: 'off', tlsFingerprintChange: 'off' });
    const seen = signals({ ip: '::1', prefix: '::/64', asn: 1, deviceId: 'x', tlsFingerprint: 'y' });
    expect(assessRisk(someSignals, seen, blind, calm)).toEqual({ action: 'none', findings: [] });
  });

  const sameCity = { ip: '192.0.2.11' };
  const otherPrefix = { ...sameCity, ip: '198.51.100.1', prefix: '198.51.100.0/24' };
  const otherNetwork = { ...otherPrefix, asn: 64_501 };
  const otherCountry = { ...otherNetwork, country: 'FR' };
  const roaming = { country: 'FR' };

  it.each([
    ['exact', [sameCity, otherPrefix, otherNetwork, otherCountry], [roaming]],
    ['prefix', [otherPrefix, otherNetwork, otherCountry], [sameCity, roaming]],
    ['asn', [otherNetwork, otherCountry, roaming], [sameCity, otherPrefix]],
    ['country', [otherCountry, roaming], [sameCity, otherPrefix, otherNetwork]],
  ] as const)('watches the address as finely as "%s" says', (ipGranularity, found, overlooked) => {
    const policy = aPolicy({ ipChange: 'observe', ipGranularity });
    const action = (changes: Partial<RequestSignals>) =>
      assessRisk(someSignals, signals(changes), policy, calm).action;
    for (const changes of found) expect(action(changes)).toBe('observe');
    for (const changes of overlooked) expect(action(changes)).toBe('none');
  });

  it('names all of the network that differs once the granularity is met', () => {
    const [finding] = assessRisk(someSignals, signals(otherCountry), watchful, calm).findings;
    expect(finding?.fields).toEqual(['ip', 'prefix', 'asn', 'country']);
  });
});

describe('a step-up that is outstanding', () => {
  const policy = aPolicy({ ipChange: 'step_up', ipGranularity: 'prefix', deviceMismatch: 'end' });

  it('is not evaded by withholding the signal that gave rise to it', () => {
    const withoutAddress = signals({ ip: null, prefix: null });
    expect(assessRisk(someSignals, withoutAddress, policy, calm).action).toBe('none');
    expect(assessRisk(someSignals, withoutAddress, policy, outstanding).action).toBe('step_up');
  });

  it('does not trouble the holder who still comes from where the session began', () => {
    expect(assessRisk(someSignals, someSignals, policy, outstanding).action).toBe('none');
  });

  it('does not turn a missing signal into an end', () => {
    expect(assessRisk(someSignals, signals({ deviceId: null }), policy, outstanding).action).toBe('none');
  });

  it('is settled by stepping up: what it confirmed is asked only once', () => {
    const elsewhere = signals({ ip: '198.51.100.1', prefix: '198.51.100.0/24', deviceId: null });
    const demanded = stepUpDemanded(aSession(), after('1m')) ?? aSession();
    const session = steppedUp(demanded, elsewhere, after('2m'));
    expect(assessRisk(session.baseline, elsewhere, policy, session).action).toBe('none');
    expect(assessRisk(session.baseline, someSignals, policy, session).action).toBe('step_up');
  });
});

it('finds the same in either direction, and never a field that is unknown or equal', () => {
  const text = fc.constantFrom('a', 'b', null);
  const anySignals = fc.record({
    ip: text,
    prefix: text,
    asn: fc.constantFrom(1, 2, null),
    country: text,
    userAgentFamily: text,
    operatingSystem: text,
    deviceId: text,
    tlsFingerprint: text,
  });
  fc.assert(
    fc.property(anySignals, anySignals, (a, b) => {
      const forth = assessRisk(a, b, watchful, calm);
      expect(assessRisk(b, a, watchful, calm)).toEqual(forth);
      for (const field of forth.findings.flatMap((finding) => finding.fields) as (keyof RequestSignals)[]) {
        expect(a[field]).not.toBeNull();
        expect(b[field]).not.toBeNull();
        expect(a[field]).not.toBe(b[field]);
      }
    }),
  );
});
