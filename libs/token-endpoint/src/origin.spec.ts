import { type RequestSignals, unknownSignals } from '@curfew/session-policy';
import { originOf, worthKeeping } from './origin.js';

const browser: RequestSignals = {
  ...unknownSignals,
  ip: '203.0.113.7',
  prefix: '203.0.113.0/24',
  userAgentFamily: 'Firefox',
  operatingSystem: 'Windows',
};
const server: RequestSignals = { ...unknownSignals, ip: '198.51.100.1', userAgentFamily: 'node' };

describe('the origin of a session', () => {
  it('is the browser, as far as it is known', () => {
    expect(originOf(browser)).toEqual({ ua: 'Firefox', os: 'Windows', ip: '203.0.113.7' });
    expect(originOf(unknownSignals)).toEqual({});
  });

  it('is kept where something else redeemed the code, and only there', () => {
    expect(worthKeeping(originOf(browser), server)).toEqual(originOf(browser));
    expect(worthKeeping(originOf(browser), { ...browser, ip: '203.0.113.99' })).toBeUndefined();
    expect(worthKeeping(originOf(unknownSignals), server)).toBeUndefined();
    expect(worthKeeping(undefined, server)).toBeUndefined();
  });
});
