import { type Instant, instant } from '@curfew/session-policy';
import { hashSecret, isActive, newSecret, verifySecret } from './client.js';

const now = instant(1_900_000_000_000);
const later = (ms: number): Instant => instant(now + ms);
const stored = (secret: string, expiresAt: Instant | null = null) => ({
  id: 'id',
  hash: hashSecret(secret),
  createdAt: now,
  expiresAt,
});

describe('client secrets', () => {
  it('are 256 random bits behind a prefix that scanners can find', () => {
    expect(newSecret()).toMatch(/^cfw_cs_[A-Za-z0-9_-]{43}$/);
    expect(newSecret()).not.toBe(newSecret());
  });

  it('are accepted while two are active, each of them', () => {
    const [old, current] = [newSecret(), newSecret()];
    const client = { secrets: [stored(current), stored(old, later(1))] };
    expect(verifySecret(client, old, now)).toBe(true);
    expect(verifySecret(client, current, now)).toBe(true);
    expect(verifySecret(client, newSecret(), now)).toBe(false);
  });

  it('are refused from the instant they expire', () => {
    const secret = newSecret();
    expect(isActive(stored(secret, later(1)), now)).toBe(true);
    expect(verifySecret({ secrets: [stored(secret, now)] }, secret, now)).toBe(false);
  });

  it('are refused where there is none, and where there is no client', () => {
    expect(verifySecret({ secrets: [] }, newSecret(), now)).toBe(false);
    expect(verifySecret(null, newSecret(), now)).toBe(false);
  });
});
