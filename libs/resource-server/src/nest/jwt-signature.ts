import type { KeyObject } from 'node:crypto';
import type { JwtService } from '@nestjs/jwt';
import { isSignedBy, readJws } from '../jws.js';
import type { VerifySignature } from '../jwt/jwt-access-tokens.js';

/** The algorithms `@nestjs/jwt` can verify; it does not support Edwards curves. */
const known = ['ES256', 'RS256', 'ES384'] as const;

const isKnown = (alg: string): alg is (typeof known)[number] => (known as readonly string[]).includes(alg);

/** Verifies signatures with Nest's own JWT service. Expiry and claims are compared elsewhere, by the authorization server's clock. */
export const signatureBy =
  (service: JwtService): VerifySignature =>
  async (jwt: string, key: KeyObject, alg: string): Promise<boolean> => {
    if (!isKnown(alg)) {
      const read = readJws(jwt);
      return read !== undefined && isSignedBy(key, alg, read);
    }
    const publicKey = key.export({ type: 'spki', format: 'pem' }).toString();
    try {
      await service.verifyAsync(jwt, {
        publicKey,
        algorithms: [alg],
        ignoreExpiration: true,
        ignoreNotBefore: true,
      });
      return true;
    } catch {
      return false;
    }
  };
