import { hash, type JsonWebKey, type KeyObject } from 'node:crypto';
import type { ArtifactStore } from '@curfew/artifacts';
import type { KnownClient } from '@curfew/clients';
import { type Instant } from '@curfew/session-policy';
import { bytesOf, isKeyFor, isObject, isSignedBy, keyOf, type Members, readJws } from '@curfew/tokens';
import { calculateJwkThumbprint, EmbeddedJWK, type JWK, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { proofTolerance } from '../lifetimes.js';
import { invalidGrant, invalidProof, useNonce } from '../refused.js';
import type { EndpointRequest } from '../request.js';
import { epochSeconds } from '../session-payload.js';
import { DpopNonces } from './dpop-nonces.js';
import { isTimely } from './proof-time.js';
import { rememberedUntil, replayKey } from './replay-records.js';

/** A proof that is right by itself (RFC 9449 §4.3). Whose key it is and whether it was shown before remains to be seen. */
export interface Proof {
  /** Of its key (RFC 7638). */
  readonly thumbprint: string;
  readonly jti: string;
  /** Dated further ahead than is taken, without a nonce that says when it was made. */
  readonly isEarly: boolean;
}

/** The algorithms that proofs may be signed with; configuration.ts announces the same ones. */
const algorithms: readonly string[] = ['ES256', 'EdDSA', 'Ed25519'];

const proofType = 'dpop+jwt';

/** Longer proofs are verified by jose, which also takes the rarer forms. */
const maxQuickLength = 4096;

/** Keys that are kept ready, because reading one takes as long as verifying with it. */
const maxKeys = 1000;

interface Verified {
  readonly claims: Members;
  readonly thumbprint: string;
}

/** What proofs are checked with. */
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
  readonly #keys: LRUCache<string, KeyObject>;

  constructor({ base, nonceSecret, artifacts }: ProofParts, max = maxKeys) {
    this.#keys = new LRUCache({ max });
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
    const { claims, thumbprint } = this.#quickly(text) ?? (await this.#thoroughly(text, now));
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
    if (typeof htu !== 'string' || !this.#isAt(htu, path)) throw wrong('DPoP proof htu mismatch');
    if (accessToken !== undefined && ath !== hash('sha256', accessToken, 'base64url'))
      throw wrong('DPoP proof ath mismatch');
    if (nonce && !this.#nonces.accepts(nonce, now)) throw useNonce('invalid nonce in DPoP proof');
  }

  /** RFC 9449 §4.3 number 9: without query and fragment, in the normal form of URLs. */
  #isAt(htu: string, path: string): boolean {
    const here = `${this.#base}${path}`;
    if (htu === here) return true;
    if (!URL.canParse(htu)) return false;
    return Object.assign(new URL(htu), { hash: '', search: '' }).href === here;
  }

  /** Proofs of the usual members and no others, with a key that is kept ready; undefined for every other, right or wrong. */
  #quickly(text: string): Verified | undefined {
    if (text.length > maxQuickLength) return undefined;
    const jws = readJws(text);
    if (!jws || !hasOnly(jws.header, ['alg', 'jwk', 'typ'])) return undefined;
    const { typ, alg, jwk } = jws.header;
    if (typ !== proofType || typeof alg !== 'string' || !algorithms.includes(alg)) return undefined;
    const { exp, nbf, iat } = jws.payload;
    if (exp !== undefined || nbf !== undefined || !(iat === undefined || typeof iat === 'number'))
      return undefined;
    if (!isPlainKey(jwk) || !isKeyFor(alg, jwk)) return undefined;
    const thumbprint = thumbprintOf(jwk);
    const key = this.#keys.get(thumbprint) ?? keyOf(jwk as JsonWebKey);
    if (!key || !isSignedBy(key, alg, jws)) return undefined;
    this.#keys.set(thumbprint, key);
    return { claims: jws.payload, thumbprint };
  }

  async #thoroughly(text: string, now: Instant): Promise<Verified> {
    const rules = { algorithms: [...algorithms], typ: proofType, currentDate: new Date(now) };
    const verified = await jwtVerify(text, EmbeddedJWK, rules).catch(() => undefined);
    if (!verified) throw invalidProof('invalid DPoP key binding');
    const { payload: claims, protectedHeader } = verified;
    return { claims, thumbprint: await calculateJwkThumbprint(protectedHeader['jwk'] as JWK) };
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

/** A public key of nothing but what makes its thumbprint, each coordinate in its one encoding. */
function isPlainKey(jwk: unknown): jwk is Readonly<Record<string, string>> {
  if (!isObject(jwk)) return false;
  const coordinates = jwk['kty'] === 'EC' ? ['x', 'y'] : ['x'];
  return hasOnly(jwk, ['crv', 'kty', ...coordinates]) && coordinates.every((name) => isCoordinate(jwk[name]));
}

const isCoordinate = (value: unknown): boolean => typeof value === 'string' && bytesOf(value)?.length === 32;

/** RFC 7638 §3.2: the required members in the order of their names. */
const thumbprintOf = ({ crv, kty, x, y }: Readonly<Record<string, string>>): string =>
  hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');

const hasOnly = (members: Members, names: readonly string[]): boolean =>
  Object.keys(members).sort().join() === names.join();
