import { UntrustedForwarding } from './front-door.js';

describe('X-Forwarded-For that nobody believes', () => {
  it('is warned of once an hour', () => {
    let now = 5;
    let warnings = 0;
    const forwarding = new UntrustedForwarding(
      0,
      () => (warnings += 1),
      () => now,
    );
    forwarding.look({});
    expect(warnings).toBe(0);
    forwarding.look({ 'x-forwarded-for': '203.0.113.9' });
    forwarding.look({ 'x-forwarded-for': '203.0.113.9' });
    expect(warnings).toBe(1);
    now += 3_600_000;
    forwarding.look({ 'x-forwarded-for': '' });
    expect(warnings).toBe(2);
  });

  it('is nothing to warn of behind a trusted hop', () => {
    let warnings = 0;
    new UntrustedForwarding(1, () => (warnings += 1)).look({ 'x-forwarded-for': '203.0.113.9' });
    expect(warnings).toBe(0);
  });
});
