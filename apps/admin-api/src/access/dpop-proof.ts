import { createHash } from 'node:crypto';
import type { Instant } from '@curfew/session-policy';
import { calculateJwkThumbprint, EmbeddedJWK, type JWTPayload, jwtVerify } from 'jose';

/** Signature algorithms of proofs, the same as at the authorization server. */
export const proofAlgorithms = ['ES256', 'EdDSA', 'Ed25519'] as const;

/** A proof may be this many seconds old, or ahead, for clients whose clock is off (RFC 9449 §11.1). */
const tolerance = 300;

/** A valid proof: the thumbprint of its key, and its identity, by which it counts once. */
export interface DpopProof {
  readonly thumbprint: string;
  readonly jti: string;
  /** Seconds since the epoch; after it the proof is refused for its age. */
  readonly usableUntil: number;
}

/** The request a proof must have been made for. */
export interface ProvenRequest {
  readonly method: string;
  /** Without query and fragment. */
  readonly url: string;
  readonly accessToken: string;
}

/** Checks a proof by RFC 9449 §4.3, all but its single use; undefined where anything is wrong. */
export async function checkProof(
  proof: string,
  { method, url, accessToken }: ProvenRequest,
  now: Instant,
): Promise<DpopProof | undefined> {
  if (proof.length > 4_096) return undefined;
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: [...proofAlgorithms],
      typ: 'dpop+jwt',
      currentDate: new Date(now),
    });
    const { jti, htm, htu, ath, iat } = payload as JWTPayload & {
      htm?: unknown;
      htu?: unknown;
      ath?: unknown;
    };
    const jwk = protectedHeader.jwk;
    if (!jwk || 'd' in jwk || typeof jti !== 'string' || jti === '' || jti.length > 256) return undefined;
    if (htm !== method || !samePlace(htu, url) || ath !== hash(accessToken)) return undefined;
    if (typeof iat !== 'number' || Math.abs(now / 1000 - iat) > tolerance) return undefined;
    return { thumbprint: await calculateJwkThumbprint(jwk, 'sha256'), jti, usableUntil: iat + tolerance };
  } catch {
    return undefined;
  }
}

const hash = (token: string): string => createHash('sha256').update(token, 'ascii').digest('base64url');

/** RFC 9449 §4.3: compared after normalisation, query and fragment left out. */
function samePlace(htu: unknown, url: string): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false;
  const claimed = new URL(htu);
  claimed.search = '';
  claimed.hash = '';
  return claimed.href === new URL(url).href;
}
