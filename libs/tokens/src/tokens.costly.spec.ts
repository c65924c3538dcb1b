import { randomBytes } from 'node:crypto';
import { instant } from '@curfew/session-policy';
import fc from 'fast-check';
import { KeyRing, ServiceKeys } from './sealing.js';
import {
  AccessTokenCodec,
  hashAccessToken,
  hashSecret,
  newId,
  newSecret,
  openSuccessor,
  RefreshTokenCodec,
  sealSuccessor,
  secretMatches,
} from './tokens.js';

const secret = (letter: string) => letter.repeat(32);
const ring = (purpose: string, ...secrets: string[]) => new KeyRing(new ServiceKeys(secrets).derive(purpose));
const codec = new RefreshTokenCodec(ring('refresh token mac', secret('a')));
const aToken = (generation = 7) => ({
  sessionId: newId(instant(1_900_000_000_000)),
  generation,
  secret: newSecret(),
});

/** A value in which base64url and base64 differ. */
function telling(make: () => string): string {
  for (;;) {
    const value = make();
    if (/[-_]/.test(value.slice(7))) return value;
  }
}

/** Ways in which a value is changed on its way, or by somebody who tries. */
const spoiled = (value: string): Record<string, string> => {
  const [prefix, body] = [value.slice(0, 7), value.slice(7)];
  return {
    truncated: value.slice(0, -1),
    'cut at the front': value.slice(1),
    lengthened: `${value}A`,
    padded: `${value}=`,
    'padded with spaces': ` ${value}`,
    'followed by a line break': `${value}\n`,
    'in upper case': value.toUpperCase(),
    'in lower case': value.toLowerCase(),
    'with a prefix in another case': prefix.toUpperCase() + body,
    'without its prefix': body,
    'with the other prefix': (prefix === 'cfw_rt_' ? 'cfw_at_' : 'cfw_rt_') + body,
    'in plain base64': prefix + Buffer.from(body, 'base64url').toString('base64'),
    'URL-encoded twice': encodeURIComponent(encodeURIComponent(`${value}%`)),
    'with a byte changed': prefix + flipped(body),
    twice: value + value,
    empty: '',
    'only a prefix': prefix,
    'of NUL': '\0'.repeat(value.length),
    'of a wider alphabet': prefix + 'é'.repeat(body.length),
  };
};

function flipped(body: string): string {
  const bytes = Buffer.from(body, 'base64url');
  bytes[30]! ^= 1;
  return bytes.toString('base64url');
}

/** Other spellings of the same bytes: the unused bits of the last letter set (RFC 4648 §3.5). */
function otherSpellings(value: string): string[] {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const bytes = Buffer.from(value.slice(7), 'base64url');
  return [...letters]
    .map((letter) => value.slice(0, -1) + letter)
    .filter((other) => other !== value && Buffer.from(other.slice(7), 'base64url').equals(bytes));
}

describe('refresh tokens', () => {
  it('are read as they were written, on every node with the same secret', () => {
    for (const generation of [0, 1, 2 ** 32 - 1]) {
      const token = aToken(generation);
      const value = codec.encode(token);
      expect(value).toMatch(/^cfw_rt_[A-Za-z0-9_-]{92}$/);
      expect(new RefreshTokenCodec(ring('refresh token mac', secret('a'))).decode(value)).toEqual(token);
    }
  });

  it.each(Object.keys(spoiled(codec.encode(aToken()))))('are nothing at all when %s', (how) => {
    const value = spoiled(telling(() => codec.encode(aToken())))[how]!;
    expect(codec.decode(value)).toBeUndefined();
  });

  it('have one spelling', () => {
    expect(otherSpellings(codec.encode(aToken()))).toEqual([]);
  });

  it('are nothing when any single byte of them differs', () => {
    const bytes = Buffer.from(codec.encode(aToken()).slice(7), 'base64url');
    for (let index = 0; index < bytes.length; index++) {
      const changed = Buffer.from(bytes);
      changed[index]! ^= 1 << (index % 8);
      expect(codec.decode(`cfw_rt_${changed.toString('base64url')}`)).toBeUndefined();
    }
  });

  it('are nothing under another secret, or made for another purpose', () => {
    const value = codec.encode(aToken());
    for (const other of [ring('refresh token mac', secret('b')), ring('access token', secret('a'))])
      expect(new RefreshTokenCodec(other).decode(value)).toBeUndefined();
  });

  it('of an old secret are read while it is configured, and new ones are made with the newest', () => {
    const old = codec.encode(aToken());
    const both = new RefreshTokenCodec(ring('refresh token mac', secret('b'), secret('a')));
    expect(both.decode(old)).toBeDefined();
    expect(codec.decode(both.encode(aToken()))).toBeUndefined();
    expect(new RefreshTokenCodec(ring('refresh token mac', secret('b'))).decode(old)).toBeUndefined();
  });

  it('never make the reader fail, whatever is presented', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: 'binary' })), (text) => {
        expect(codec.decode(text)).toBeUndefined();
        expect(codec.decode(`cfw_rt_${text}`)).toBeUndefined();
      }),
    );
  });

  it('match only the hash of their own secret', () => {
    const mine = newSecret();
    expect(secretMatches(mine, hashSecret(mine))).toBe(true);
    expect(secretMatches(newSecret(), hashSecret(mine))).toBe(false);
    expect(secretMatches(mine, null)).toBe(false);
    expect(secretMatches(mine, hashSecret(mine).subarray(1))).toBe(false);
  });
});

describe('the sealed successor', () => {
  const parent = aToken(3);
  const successor = newSecret();

  it('opens for the holder of its parent', () => {
    expect(openSuccessor(parent, sealSuccessor(parent, successor))).toEqual(successor);
  });

  it('does not open for another secret, generation or session, nor when it was changed', () => {
    const seal = sealSuccessor(parent, successor);
    const changed = Buffer.from(seal);
    changed[changed.length - 20]! ^= 1;
    expect(openSuccessor({ ...parent, secret: newSecret() }, seal)).toBeUndefined();
    expect(openSuccessor({ ...parent, generation: 4 }, seal)).toBeUndefined();
    expect(openSuccessor({ ...parent, sessionId: aToken().sessionId }, seal)).toBeUndefined();
    expect(openSuccessor(parent, changed)).toBeUndefined();
    for (const broken of [null, Buffer.alloc(0), seal.subarray(0, 10), randomBytes(seal.length)])
      expect(openSuccessor(parent, broken)).toBeUndefined();
  });

  it('has the same size every time, and shows nothing when two successors were sealed for one parent', () => {
    const [one, two] = [sealSuccessor(parent, successor), sealSuccessor(parent, successor)];
    expect(one.length).toBe(two.length);
    expect(one.equals(two)).toBe(false);
    expect(one.includes(successor)).toBe(false);
  });
});

describe('access tokens', () => {
  const tokens = new AccessTokenCodec(ring('access token', secret('a')));
  const claims = { kind: 'AccessToken', grantId: 'g', scope: 'openid', exp: 1 };

  it('are read as they were sealed, and show nothing of what they say', () => {
    const value = tokens.seal(claims);
    expect(tokens.open(value)).toEqual(claims);
    expect(Buffer.from(value.slice(7), 'base64url').toString('latin1')).not.toContain('AccessToken');
    expect(tokens.seal(claims)).not.toBe(value);
    expect(hashAccessToken(value)).toHaveLength(32);
  });

  it.each(Object.keys(spoiled(tokens.seal(claims))))('are nothing at all when %s', (how) => {
    expect(tokens.open(spoiled(telling(() => tokens.seal(claims)))[how]!)).toBeUndefined();
  });

  it('have one spelling', () => {
    for (let length = 0; length < 3; length++) {
      const value = tokens.seal({ ...claims, filler: 'x'.repeat(length) });
      for (const other of otherSpellings(value)) expect(tokens.open(other)).toBeUndefined();
    }
  });

  it('of an old secret are read while it is configured, and those of none are not', () => {
    const old = tokens.seal(claims);
    expect(new AccessTokenCodec(ring('access token', secret('b'), secret('a'))).open(old)).toEqual(claims);
    expect(new AccessTokenCodec(ring('access token', secret('b'))).open(old)).toBeUndefined();
    expect(new AccessTokenCodec(ring('refresh token mac', secret('a'))).open(old)).toBeUndefined();
  });

  it('never make the reader fail, and never grow without bound', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String({ maxLength: 400 })), (text) => {
        expect(tokens.open(`cfw_at_${text}`)).toBeUndefined();
      }),
    );
    expect(tokens.open(tokens.seal({ filler: 'x'.repeat(20_000) }))).toBeUndefined();
  });
});
