import { instant } from '@curfew/session-policy';
import { KeyRing, ServiceKeys } from './sealing.js';
import { AccessTokenCodec, isUuid, leastIdAt, newId, newSecret, RefreshTokenCodec } from './tokens.js';

describe('an id', () => {
  it('is a UUIDv7 of its own, also where very many are made at one instant', () => {
    const ids = Array.from({ length: 10_000 }, () => newId(instant(1_900_000_000_000)));
    expect(new Set(ids).size).toBe(10_000);
    // Nor do two share their random half, as they would if random bytes were used twice.
    expect(new Set(ids.map((id) => id.slice(19))).size).toBe(10_000);
    expect(ids.filter((id) => !isUuid(id) || !/^01ba60d3-3800-7...-[89ab]/.test(id))).toEqual([]);
  });

  it('sorts by the instant at which it was made', () => {
    const [before, at, after] = [1_000, 1_001, 1_002].map((ms) => newId(instant(ms)));
    expect([after, at, before].sort()).toEqual([before, at, after]);
    expect([leastIdAt(instant(1_001)), before, at].sort()).toEqual([before, leastIdAt(instant(1_001)), at]);
  });
});

describe('an access token', () => {
  const keys = (purpose: string) => new KeyRing(new ServiceKeys(['k'.repeat(32)]).derive(purpose));
  const accessTokens = new AccessTokenCodec(keys('access token'));
  const refreshTokens = new RefreshTokenCodec(keys('refresh token mac'));

  it('is told from a refresh token by its form, which no refresh token has', () => {
    const sessionId = newId(instant(1_900_000_000_000));
    const refreshToken = refreshTokens.encode({ sessionId, generation: 0, secret: newSecret() });
    const token = accessTokens.seal({ grantId: sessionId });
    expect([token, refreshToken, 'cfw_at_', ''].map((one) => accessTokens.hasForm(one))).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(refreshTokens.decode(token)).toBeUndefined();
  });
});
