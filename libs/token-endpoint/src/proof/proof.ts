/*
 * Proofs that the sender of a request possesses a key: a DPoP proof (RFC 9449) or a client certificate (RFC 8705).
 */
import { hash, X509Certificate } from 'node:crypto';
import type { ArtifactStore } from '@curfew/artifacts';
import type { KnownClient } from '@curfew/clients';
import {
  DpopNonces,
  hashOfShownToken,
  isForAddress,
  isTimely,
  ProofReader,
  proofTolerance,
} from '@curfew/resource-server/dpop';
import type { Members } from '@curfew/resource-server/jws';
import { type Instant } from '@curfew/session-policy';
import { epochSeconds } from '../access-token.js';
import { invalidGrant, invalidProof, useNonce } from '../refused.js';
import type { EndpointRequest } from '../request.js';
import { rememberedUntil, replayKey } from './replay-records.js';

/** A proof that is right by itself (RFC 9449 §4.3). Whose key it is and whether it was shown before remains to be seen. */
export interface Proof {
  /** The thumbprint of its key (RFC 7638). */
  readonly thumbprint: string;
  readonly jti: string;
  /** Dated further ahead than is taken, without a nonce that says when it was made. */
  readonly isEarly: boolean;
}

/** The parts with which proofs are checked. */
interface ProofParts {
  /** The URL of the issuer that paths of endpoints follow. */
  readonly base: string;
  readonly nonceSecret: Buffer;
  readonly artifacts: ArtifactStore;
}

/** DPoP proofs at the endpoints of this service (RFC 9449 §5, §7, §10.1). */
export class Proofs {
  readonly #base: string;
  readonly #nonces: DpopNonces;
  readonly #artifacts: ArtifactStore;
  readonly #reader: ProofReader;

  constructor({ base, nonceSecret, artifacts }: ProofParts, reader = new ProofReader()) {
    this.#reader = reader;
    this.#base = base;
    this.#nonces = new DpopNonces(nonceSecret);
    this.#artifacts = artifacts;
  }

  /**
   * The proof that a request came with, or undefined, for the access token where it shows one. Notes the nonce that its answer offers.
   * @throws Refused
   */
  async read(request: EndpointRequest, accessToken?: string): Promise<Proof | undefined> {
    const text = request.request.headers['dpop'] as string | undefined;
    if (text === undefined) return undefined;
    const { now } = request;
    const verified = this.#reader.read(text, now);
    if (!verified) throw invalidProof('invalid DPoP key binding');
    const { claims, thumbprint } = verified;
    const next = this.#nonces.next(now);
    if (claims['nonce'] !== next) request.nextNonce = next;
    this.#refuseWrong(claims, request, accessToken);
    const isEarly = !claims['nonce'] && !isTimely(Number(claims['iat']), now);
    return { thumbprint, jti: String(claims['jti']), isEarly };
  }

  /** Records a proof: it passes once, on any number of nodes (RFC 9449 §11.1). @throws Refused */
  async useUp(proof: Proof, clientId: string, now: Instant): Promise<void> {
    refuseEarly(proof);
    if (!(await this.isFirst(proof, clientId, now))) throw proofUsedBefore();
  }

  /** Whether the proof is shown for the first time; from now on it is not. */
  isFirst({ jti }: Proof, clientId: string, now: Instant): Promise<boolean> {
    return this.#artifacts.insertOnce(replayKey(clientId, jti), now, rememberedUntil(now));
  }

  /** RFC 9449 §4.3 numbers 3 and 7 to 11, in the order in which clients are told. */
  #refuseWrong(claims: Members, request: EndpointRequest, accessToken: string | undefined): void {
    const { iat, jti, nonce, htm, htu, ath } = claims;
    const { now, path } = request;
    const wrong = (description: string) => {
      // Only what is answered with a nonce offers one.
      request.nextNonce = undefined;
      return invalidProof(description);
    };
    if (typeof iat !== 'number' || !iat) throw wrong('DPoP proof must have a iat number property');
    if (typeof jti !== 'string' || !jti) throw wrong('DPoP proof must have a jti string property');
    if (nonce !== undefined && typeof nonce !== 'string') throw wrong('DPoP proof nonce must be a string');
    if (!nonce && Math.abs(epochSeconds(now) - iat) > proofTolerance.past)
      throw useNonce('DPoP proof iat is not recent enough, use a DPoP nonce instead');
    if (htm !== request.request.method) throw wrong('DPoP proof htm mismatch');
    if (typeof htu !== 'string' || !isForAddress(htu, `${this.#base}${path}`))
      throw wrong('DPoP proof htu mismatch');
    if (accessToken !== undefined && ath !== hashOfShownToken(accessToken))
      throw wrong('DPoP proof ath mismatch');
    if (nonce && !this.#nonces.accepts(nonce, now)) throw useNonce('invalid nonce in DPoP proof');
  }
}

/** The refusal of a proof that was shown before. */
export const proofUsedBefore = () => invalidProof('the DPoP proof was used before', 'dpop_proof_used');

/** FAPI 2.0 Security Profile §5.3.2.1: a client whose clock is that far ahead goes on with the nonce that it is offered. */
export function refuseEarly({ isEarly }: Proof): void {
  if (isEarly) throw useNonce('the DPoP proof is too far in the future: use the nonce');
}

/** RFC 9449 §5.2: a client may be registered to show a proof with every request. */
export function requireProof(proof: Proof | undefined, { metadata }: KnownClient): void {
  if (!proof && metadata.dpop_bound_access_tokens) throw invalidGrant('dpop_proof_missing');
}

/** The parts by which a certificate is checked. */
interface CertificateParts {
  /** Header in which a trusted proxy hands over the client certificate, if one does (RFC 8705). */
  readonly certificateHeader: string | undefined;
}

/**
 * The thumbprint of the certificate that a request must show (RFC 8705 §3.1), if its client is registered for bound tokens or the token
 * that it presents is `bound`. Undefined if none is asked for. @throws Refused
 */
export function requiredCertificate(
  { request }: EndpointRequest,
  { metadata }: KnownClient,
  { certificateHeader }: CertificateParts,
  bound?: string,
): string | undefined {
  if (!metadata.tls_client_certificate_bound_access_tokens && bound === undefined) return undefined;
  const shown = shownCertificate({ request }, { certificateHeader });
  if (!shown) throw invalidGrant('key_mismatch');
  return shown;
}

/** The thumbprint of the certificate that a request shows, where it shows one. */
export function shownCertificate(
  { request }: Pick<EndpointRequest, 'request'>,
  { certificateHeader }: CertificateParts,
): string | undefined {
  const value =
    certificateHeader === undefined ? undefined : request.headers[certificateHeader.toLowerCase()];
  const shown = typeof value === 'string' ? certificateFrom(value) : undefined;
  return shown && hash('sha256', shown.raw, 'base64url');
}

/**
 * The certificate that a proxy put into its header, URL-encoded; undefined for everything else. A comma joins headers of the same name
 * (RFC 9110 §5.3): one of two certificates is from somebody else than the proxy.
 */
function certificateFrom(value: string): X509Certificate | undefined {
  if (!value || value.includes(',')) return undefined;
  try {
    return new X509Certificate(decodeURIComponent(value));
  } catch {
    return undefined;
  }
}
