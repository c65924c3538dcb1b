import type { KnownClient } from '@curfew/clients';
import type { Instant } from '@curfew/session-policy';
import type { KeySet } from '../keys/index.js';
import { lifetimes } from '../lifetimes.js';
import { epochSeconds } from '../session-payload.js';

/** What an ID token on refresh says (OpenID Connect Core §12.2): as at the sign-in, with a new `iat`. */
export interface IdTokenFacts {
  readonly issuer: string;
  readonly sub: string;
  readonly nonce: string | undefined;
  readonly sid: string | undefined;
  readonly now: Instant;
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Signs an ID token with the key of the client's algorithm; undefined when there is no such key. */
export async function signIdToken(
  keys: KeySet,
  client: KnownClient,
  facts: IdTokenFacts,
): Promise<string | undefined> {
  const alg = client.metadata.id_token_signed_response_alg;
  const key = keys.signer(alg);
  if (!key) return undefined;
  const iat = epochSeconds(facts.now);
  const { sub, nonce, sid, issuer } = facts;
  const payload = { sub, nonce, sid, aud: client.id, exp: iat + lifetimes.idToken, iat, iss: issuer };
  const signed = `${encode({ alg, kid: key.kid })}.${encode(payload)}`;
  return `${signed}.${Buffer.from(await key.sign(Buffer.from(signed))).toString('base64url')}`;
}
