import { hash, timingSafeEqual } from 'node:crypto';
import { requiredCertificate, requireProof } from '../proof/proof.js';
import { invalidGrant, invalidRequest } from '../refused.js';
import { parameter, requireParameters } from '../request.js';
import { type CodePayload, findCode, grantOf, isOver } from './code.js';
import type { GrantHandler } from './grant-type.js';
import { refuseUsedCode, startSession } from './session-start.js';

/** RFC 6749 §4.1.3 with PKCE (RFC 7636): a code becomes a session, once. */
export const authorizationCode: GrantHandler = {
  parameters: ['code', 'code_verifier', 'redirect_uri', 'resource'],
  repeatable: ['resource'],
  answer: async (request, parts) => {
    requireParameters(request, 'code', 'redirect_uri');
    const proof = await parts.proofs.read(request);
    const key = { kind: 'AuthorizationCode', id: parameter(request, 'code')! };
    const found = await findCode(key, request, parts);
    if (isOver(found.code.exp, request.now)) throw invalidGrant('code_expired');
    const grant = grantOf(found, request);
    checkVerifier(parameter(request, 'code_verifier'), found.code);
    const certificate = requiredCertificate(request, request.client, parts);
    requireProof(proof, request.client);
    if (found.code.redirectUri !== parameter(request, 'redirect_uri'))
      throw invalidGrant('redirect_uri_mismatch');
    await refuseUsedCode(found, request, parts);
    return startSession({ request, found, grant, proof, certificate, gty: 'authorization_code' }, parts);
  },
};

/** RFC 7636 §4.6: the client shows what it made the challenge from. Only S256 is taken. */
function checkVerifier(
  verifier: string | undefined,
  { codeChallenge, codeChallengeMethod }: CodePayload,
): void {
  if (verifier !== undefined) checkForm(verifier);
  if (verifier === undefined && codeChallenge === undefined) return;
  if (verifier === undefined || codeChallenge === undefined || codeChallengeMethod !== 'S256')
    throw invalidGrant('pkce_missing');
  const [made, sent] = [Buffer.from(hash('sha256', verifier, 'base64url')), Buffer.from(codeChallenge)];
  if (made.length !== sent.length || !timingSafeEqual(made, sent)) throw invalidGrant('pkce_mismatch');
}

/** RFC 7636 §4.1. */
function checkForm(verifier: string): void {
  const wrong = (what: string) => invalidRequest(`code_verifier ${what}`, 'pkce_missing');
  if (verifier.length < 43) throw wrong('must be a string with a minimum length of 43 characters');
  if (verifier.length > 128) throw wrong('must be a string with a maximum length of 128 characters');
  if (/[^\w.\-~]/.test(verifier)) throw wrong('contains invalid characters');
}
