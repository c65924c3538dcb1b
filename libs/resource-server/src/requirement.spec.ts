import { readFileSync } from 'node:fs';
import { missing, type Requirement, together } from './requirement.js';
import { readClaims } from './token-facts.js';

const facts = readClaims({
  client_id: 'c',
  iss: 'https://login.example.com',
  iat: 1_000,
  exp: 1_600,
  auth_time: 900,
  acr: 'silver',
  scope: 'read write',
});
const context = { realm: 'orders', schemes: ['Bearer'] as const };
const challengeOf = (required: Requirement, now: number, of = facts) => {
  const refusal = missing(of, required, context, now * 1000);
  return refusal && [refusal.status, refusal.headers['WWW-Authenticate']];
};

describe('what a route requires', () => {
  it('is nothing by default', () => expect(challengeOf({}, 1_500)).toBeUndefined());

  it('are all of the scopes (RFC 6750 §3.1)', () => {
    expect(challengeOf({ scopes: ['read', 'write'] }, 1_000)).toBeUndefined();
    expect(challengeOf({ scopes: ['read', 'delete'] }, 1_000)).toEqual([
      403,
      'Bearer realm="orders", error="insufficient_scope", error_description="the token lacks a scope", scope="read delete"',
    ]);
  });

  it('is a young token', () => {
    expect(challengeOf({ maxTokenAge: 60 }, 1_059)).toBeUndefined();
    expect(challengeOf({ maxTokenAge: 60 }, 1_060)?.[1]).toContain('error="invalid_token"');
  });

  it('is a recent authentication (RFC 9470 §3)', () => {
    expect(challengeOf({ maxAuthAge: 300 }, 1_199)).toBeUndefined();
    const [status, challenge] = challengeOf({ maxAuthAge: 300 }, 1_200)!;
    expect([status, challenge]).toEqual([
      401,
      expect.stringContaining('error="insufficient_user_authentication"'),
    ]);
    expect(challenge).toContain('max_age="300"');
    expect(challengeOf({ maxAuthAge: 300 }, 1_000, { ...facts, authenticatedAt: undefined })).toBeDefined();
  });

  it('is said by the scheme that was used, beside which a 401 alone offers the other (RFC 9449 §7.2)', () => {
    const both = { ...context, schemes: ['Bearer', 'DPoP'] as const, metadataUrl: 'https://at.test' };
    const said = (required: Requirement) =>
      missing(facts, required, both, 1_500_000)?.headers['WWW-Authenticate'];
    const end = 'resource_metadata="https://at.test"';
    expect(said({ acrValues: ['gold'] })).toBe(
      `Bearer realm="orders", error="insufficient_user_authentication", error_description="a different authentication is required", acr_values="gold", ${end}, DPoP realm="orders", ${end}, algs="ES256 EdDSA Ed25519"`,
    );
    expect(said({ scopes: ['delete'] })).toBe(
      `Bearer realm="orders", error="insufficient_scope", error_description="the token lacks a scope", scope="delete", ${end}`,
    );
  });

  it('is an authentication of a certain class', () => {
    expect(challengeOf({ acrValues: ['silver', 'gold'] }, 1_000)).toBeUndefined();
    expect(challengeOf({ acrValues: ['gold'] }, 1_000)?.[1]).toContain('acr_values="gold"');
  });
});

describe('every requirement', () => {
  /** A strict and a lax value of each, and whether these facts miss the strict one. The compiler asks for a new requirement. */
  const values = {
    scopes: [['delete'], [], 'misses'],
    maxTokenAge: [1, 9_999, 'misses'],
    maxAuthAge: [1, 9_999, 'misses'],
    acrValues: [['gold'], [], 'misses'],
    maxSessionAge: [1, 9_999, 'misses'],
    maxIdle: [1, 9_999, 'misses'],
    passive: [true, false, 'meets'],
  } as const satisfies {
    readonly [Name in keyof Required<Requirement>]: readonly [
      strict: Requirement[Name],
      lax: Requirement[Name],
      outcome: 'misses' | 'meets',
    ];
  };
  it('is in the table of docs/resource-servers.md', () => {
    const page = readFileSync('docs/resource-servers.md', 'utf8');
    expect(Object.keys(values).filter((name) => !page.includes(`\n| \`${name}\` `))).toEqual([]);
  });

  const ofSession = { ...facts, sessionId: 'a', sessionStartedAt: 1_000_000, lastActiveAt: 1_000_000 };

  it.each(Object.entries(values))(
    '%s is judged as its row says, and of two the stricter one holds',
    (name, [strict, lax, outcome]) => {
      expect(challengeOf({ [name]: lax }, 1_500, ofSession)).toBeUndefined();
      expect(challengeOf({ [name]: strict }, 1_500, ofSession) !== undefined).toBe(outcome === 'misses');
      for (const [a, b] of [
        [strict, lax],
        [lax, strict],
      ] as const)
        expect(together({ [name]: a }, { [name]: b })).toMatchObject({ [name]: strict });
    },
  );
});
