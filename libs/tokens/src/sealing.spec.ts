import { hkdfSync } from 'node:crypto';
import { deriveKey, randomBytes } from './sealing.js';

describe('random bytes', () => {
  it('are never the same twice, whatever is drawn in turn', () => {
    const seen = new Set<string>();
    for (let turn = 0; turn < 2_000; turn += 1)
      for (const length of [12, 16, 32]) seen.add(randomBytes(length).toString('hex'));
    expect(seen.size).toBe(6_000);
  });

  it('stay as they were drawn, and belong to nobody else', () => {
    const first = randomBytes(32);
    const before = first.toString('hex');
    const second = randomBytes(32);
    second.fill(0);
    for (let turn = 0; turn < 300; turn += 1) randomBytes(32);
    expect(first.toString('hex')).toBe(before);
    expect(before).not.toBe('00'.repeat(32));
  });

  it('come up to a page of them, and no more', () => {
    expect(randomBytes(4_096).toString('hex')).not.toContain('00'.repeat(16));
    expect(() => randomBytes(4_097)).toThrow(RangeError);
    expect(() => randomBytes(Number.NaN)).toThrow(RangeError);
  });
});

describe('a derived key', () => {
  it('is what HKDF-SHA-256 says', () => {
    for (let turn = 0; turn < 50; turn += 1) {
      const [secret, salt, info] = [randomBytes(32), randomBytes(16), `successor of ${turn}`];
      expect(deriveKey(secret, salt, info)).toEqual(Buffer.from(hkdfSync('sha256', secret, salt, info, 32)));
    }
    // The cookies of gateways are sealed with a key of this form: no salt.
    const [secret, none] = [randomBytes(32), Buffer.alloc(0)];
    expect(deriveKey(secret, none, 'a')).toEqual(Buffer.from(hkdfSync('sha256', secret, none, 'a', 32)));
  });
});
