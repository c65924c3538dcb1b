import type { Instant } from '@curfew/session-policy';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { KeySet, SigningAlgorithm } from '../keys/index.js';
import { epochSeconds } from '../session-payload.js';

const mediaType = 'application/token-introspection+jwt';

/**
 * RFC 9701: to a caller that asks for it by its Accept header, the introspection answer is a JWT signed for that caller
 * alone: evidence of what was answered, to whom and when. Signed by the algorithm of the caller's ID tokens.
 */
export async function signIntrospection(ctx: KoaContextWithOIDC, keys: KeySet, now: Instant): Promise<void> {
  const { client, provider } = ctx.oidc;
  const answer = ctx.body as Record<string, unknown> | undefined;
  if (ctx.status !== 200 || !client || typeof answer?.['active'] !== 'boolean') return;
  if (ctx.accepts('json', mediaType) !== mediaType) return;
  const alg = (client.idTokenSignedResponseAlg ?? 'ES256') as SigningAlgorithm;
  const key = keys.signer(alg);
  if (!key) return;
  // §5: no `sub`, no `exp`: the answer must never pass for a token. Its type says so, too.
  const payload = {
    iss: provider.issuer,
    aud: client.clientId,
    iat: epochSeconds(now),
    token_introspection: answer,
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encode({ alg, kid: key.kid, typ: 'token-introspection+jwt' })}.${encode(payload)}`;
  ctx.body = `${signed}.${Buffer.from(await key.sign(Buffer.from(signed))).toString('base64url')}`;
  ctx.type = mediaType;
}
