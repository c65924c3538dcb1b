import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { DpopNonces, ProofReader } from '@curfew/resource-server/dpop';
import { instant } from '@curfew/session-policy';
import { SignJWT } from 'jose';
import type { EndpointRequest } from '../request.js';
import { Proofs } from './proof.js';

const base = 'https://login.example.com';
const now = instant(1_800_000_000_000);
const secret = Buffer.alloc(32, 7);

/** Makes proofs by a key of its own. */
function prover() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicKey.export({ format: 'jwk' });
  return () =>
    new SignJWT({ htm: 'POST', htu: `${base}/token`, iat: now / 1000, jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: jwk as never })
      .sign(privateKey);
}

describe('keys of proofs', () => {
  it('are kept ready to a number; one more takes the place of another, which is read again', async () => {
    const artifacts = undefined as never;
    const proofs = new Proofs({ base, nonceSecret: secret, artifacts }, new ProofReader(2));
    const shown = async (dpop: string) => {
      const request = {
        request: { method: 'POST', headers: { dpop } },
        path: '/token',
        now,
      } as unknown as EndpointRequest;
      return (await proofs.read(request))?.thumbprint;
    };
    const provers = [prover(), prover(), prover()];
    const thumbprints = async () => {
      const found: (string | undefined)[] = [];
      for (const prove of provers) found.push(await shown(await prove()));
      return found;
    };
    const first = await thumbprints();
    expect(new Set(first).size).toBe(3);
    expect(first).not.toContain(undefined);
    expect(await thumbprints()).toEqual(first);
  });
});

describe('nonces', () => {
  it('are accepted for two minutes around their own, however long the process has run, and no others are', () => {
    const nonces = new DpopNonces(secret);
    const minute = (n: number) => instant(now + n * 60_000);
    const given = Array.from({ length: 200 }, (_, n) => nonces.next(minute(n)));
    const accepted = given.flatMap((nonce, n) => (nonces.accepts(nonce, minute(100)) ? [n] : []));
    expect(accepted).toEqual([97, 98, 99, 100, 101]);
  });
});
