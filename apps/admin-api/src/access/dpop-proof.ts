import {
  hashOfShownToken,
  isForAddress,
  isTimely,
  ProofReader,
  proofTolerance,
} from '@curfew/resource-server/dpop';
import type { Instant } from '@curfew/session-policy';

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

const reader = new ProofReader();

/** Checks a proof by RFC 9449 §4.3, all but its single use; undefined where anything is wrong. */
export function checkProof(
  proof: string,
  { method, url, accessToken }: ProvenRequest,
  now: Instant,
): DpopProof | undefined {
  const signed = reader.read(proof, now);
  if (!signed) return undefined;
  const { jti, htm, htu, ath, iat } = signed.claims;
  if (typeof jti !== 'string' || jti === '' || jti.length > 256) return undefined;
  if (htm !== method || typeof htu !== 'string' || !isForAddress(htu, new URL(url).href)) return undefined;
  if (ath !== hashOfShownToken(accessToken) || typeof iat !== 'number' || !isTimely(iat, now))
    return undefined;
  return { thumbprint: signed.thumbprint, jti, usableUntil: iat + proofTolerance.past };
}
