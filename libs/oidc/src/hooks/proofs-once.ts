import type { Instant } from '@curfew/session-policy';
import { isTimely, rememberedUntil, replayKey } from '@curfew/token-endpoint';
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { ProtocolParts } from '../protocol-parts.js';
import { currentScope } from '../request-scope.js';

/** A proof or assertion passes once, on any number of nodes: inserting its record is the check (RFC 9449 §11.1, RFC 7523 §3). */
export function registerProofsOnce(
  provider: Provider,
  { artifacts }: Pick<ProtocolParts, 'artifacts'>,
): void {
  const ReplayDetection = provider.ReplayDetection as unknown as {
    unique: (issuer: string, jti: string, exp: number) => Promise<boolean>;
  };
  ReplayDetection.unique = async (issuer, jti, exp) => {
    const { now } = currentScope();
    refuseEarlyProof(Provider.ctx, jti, now);
    const isFirst = await artifacts.insertOnce(replayKey(issuer, jti), now, rememberedUntil(now, exp));
    // RFC 9449 §5: whatever is wrong with a proof is `invalid_dpop_proof`; the library says that the grant is.
    if (!isFirst && isProof(Provider.ctx, jti))
      throw new errors.InvalidDpopProof('the DPoP proof was used before');
    return isFirst;
  };
}

/**
 * The library takes proofs from five minutes ahead; ours is the tolerance of `isTimely`. It has already put a nonce into the answer,
 * with which a client whose clock is wrong can go on (RFC 9449 §8).
 */
function refuseEarlyProof(ctx: KoaContextWithOIDC | undefined, jti: string, now: Instant): void {
  const shown = proofClaims(ctx);
  if (shown?.['jti'] !== jti || shown['nonce'] !== undefined || typeof shown['iat'] !== 'number') return;
  if (!isTimely(shown['iat'], now))
    throw new errors.UseDpopNonce('the DPoP proof is too far in the future: use the nonce');
}

/** Whether this is the id of the proof that came with a request for tokens; at userinfo RFC 9449 §7.1 leaves the word open. */
function isProof(ctx: KoaContextWithOIDC | undefined, jti: string): boolean {
  return ctx?.oidc.route !== 'userinfo' && proofClaims(ctx)?.['jti'] === jti;
}

function proofClaims(ctx: KoaContextWithOIDC | undefined): Readonly<Record<string, unknown>> | undefined {
  const proof = ctx?.get('dpop');
  if (!proof) return undefined;
  try {
    return JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    // The check is of a client assertion, and the proof has not been looked at yet.
    return undefined;
  }
}

/** RFC 9449 §4.3: a proof that is there and empty is a wrong proof. The library would take it for none and bind nothing. */
export function readEmptyProof(ctx: Pick<KoaContextWithOIDC, 'req'>): void {
  if (ctx.req.headers['dpop'] === '') ctx.req.headers['dpop'] = '.';
}
