import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { PublicJwk } from '@curfew/tokens';
import { JwtAccessTokens, VerifiedTexts } from './jwt-access-tokens.js';

const issuer = 'https://id.example.test';
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A published key, and a token that it signed. */
function aKey(kid: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' } as PublicJwk;
  const signed = `${part({ alg: 'ES256', kid, typ: 'at+jwt' })}.${part({ iss: issuer, jti: 'one', client_id: 'web', exp: 9e9 })}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { jwk, token: `${signed}.${signature.toString('base64url')}` };
}

describe('JWT access tokens of this service', () => {
  it('are read as often as they are shown, until their key is published no more', () => {
    const { jwk, token } = aKey('one');
    let keys: readonly PublicJwk[] = [jwk];
    const tokens = new JwtAccessTokens(issuer, () => ({ publicJwks: { keys } }));
    for (let time = 0; time < 3; time += 1) expect(tokens.open(token)).toMatchObject({ jti: 'one' });
    keys = [aKey('two').jwk];
    expect(tokens.open(token)).toBeUndefined();
    // The same name for another key: a signature of the first one proves nothing.
    keys = [{ ...aKey('one').jwk }];
    expect(tokens.open(token)).toBeUndefined();
  });

  it('that were read make no other text a token', () => {
    const { jwk, token } = aKey('one');
    const tokens = new JwtAccessTokens(issuer, () => ({ publicJwks: { keys: [jwk] } }));
    expect(tokens.open(token)).toBeDefined();
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const other = createHash('sha512').update(signature).digest('base64url').slice(0, 86);
    for (const forged of [
      `${header}.${part({ ...claims, jti: 'two' })}.${signature}`,
      `${header}.${payload}.${other}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
    ])
      for (let time = 0; time < 2; time += 1)
        expect([forged, tokens.open(forged)]).toEqual([forged, undefined]);
  });
});

describe('texts that were verified', () => {
  it('are verified once, those that failed each time, and the oldest goes', () => {
    const known = new VerifiedTexts(2);
    const asked: string[] = [];
    const has = (text: string) => known.has(text, () => asked.push(text) > 0 && text !== 'wrong');
    expect(['a', 'a', 'wrong', 'wrong', 'b', 'a', 'c', 'b', 'c', 'a'].map(has)).toEqual(
      ['a', 'a', 'wrong', 'wrong', 'b', 'a', 'c', 'b', 'c', 'a'].map((text) => text !== 'wrong'),
    );
    expect(asked).toEqual(['a', 'wrong', 'wrong', 'b', 'c', 'a']);
  });
});
