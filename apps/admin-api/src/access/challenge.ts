import type { AdminScope } from '@curfew/config/admin-scopes';
import { proofAlgorithms } from '@curfew/resource-server/dpop';
import { ProblemError } from '@curfew/web';

const realm = 'realm="curfew-admin"';
const dpop = `DPoP ${realm}, algs="${proofAlgorithms.join(' ')}"`;

/** Why a token is not accepted. Its caller is not told which; the log and the metric are. */
export type TokenFault =
  | 'token_unknown'
  | 'token_of_another_audience'
  | 'token_expired'
  | 'token_delegated'
  | 'client_gone'
  | 'session_over'
  | 'token_revoked'
  | 'certificate_mismatch'
  | 'scheme_mismatch';

/** Why a proof is not accepted. */
export type ProofFault = 'proof_missing' | 'proof_invalid' | 'proof_of_another_key' | 'proof_used';

const challenged = (
  status: 400 | 401 | 403,
  code: string,
  detail: string,
  challenge: string,
  exactCause: string = code,
): ProblemError =>
  new ProblemError({ status, code, detail, exactCause, headers: { 'WWW-Authenticate': challenge } });

/** RFC 6750 §3.1: a request without any authentication gets no error code, only the ways to authenticate. */
export const nothingSent = (): ProblemError =>
  challenged(
    401,
    'unauthenticated',
    'Send an access token of this server, made for the admin API as its resource.',
    `Bearer ${realm}, ${dpop}`,
  );

/** RFC 6750 §2: more than one way to send a token, or an unreadable one. */
export const malformedCredentials = (): ProblemError =>
  challenged(
    400,
    'invalid_request',
    'Send exactly one access token, in the Authorization header.',
    `Bearer ${realm}, error="invalid_request"`,
  );

/** The token is unknown, over, revoked, meant for another audience, or its binding was not kept; the caller is not told which. */
export const invalidToken = (scheme: 'Bearer' | 'DPoP', fault: TokenFault): ProblemError =>
  challenged(
    401,
    'invalid_token',
    'The access token is not valid here.',
    scheme === 'DPoP' ? `${dpop}, error="invalid_token"` : `Bearer ${realm}, error="invalid_token", ${dpop}`,
    fault,
  );

/** RFC 9449 §7.1: the token may be good, the proof is not. */
export const invalidProof = (fault: ProofFault): ProblemError =>
  challenged(
    401,
    'invalid_dpop_proof',
    'The DPoP proof is missing, malformed, late, used before, or made for another request.',
    `${dpop}, error="invalid_dpop_proof"`,
    fault,
  );

/** RFC 6750 §3.1: the token is good, but not for this. */
export const insufficientScope = (scope: AdminScope, scheme: 'Bearer' | 'DPoP'): ProblemError =>
  challenged(
    403,
    'insufficient_scope',
    `This operation needs the scope ${scope}.`,
    `${scheme === 'DPoP' ? dpop : `Bearer ${realm}`}, error="insufficient_scope", scope="${scope}"`,
  );
