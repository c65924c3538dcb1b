import type { RefusalCode } from '../http/challenges.js';
import type { ProofFault } from './dpop-proofs.js';

/** Why a token is worth nothing to whoever presents it: it is not valid, or its key has not been shown. */
export type BindingFault = ProofFault | 'missing' | 'invalid_token' | 'unproved';

/** The error code and description of each fault. They say nothing more about an invalid token, because its bearer need not know. */
export const bindingFaults: Readonly<Record<BindingFault, { code: RefusalCode; description: string }>> = {
  invalid_token: { code: 'invalid_token', description: 'the access token is not valid here' },
  of_other_key: { code: 'invalid_token', description: 'the access token is not valid here' },
  unproved: {
    code: 'invalid_token',
    description: 'the access token is bound to a key: send it with the scheme DPoP and a proof',
  },
  missing: { code: 'invalid_dpop_proof', description: 'the request needs one DPoP proof' },
  malformed: { code: 'invalid_dpop_proof', description: 'the DPoP proof is malformed or badly signed' },
  of_other_request: {
    code: 'invalid_dpop_proof',
    description: 'the DPoP proof is for another method or URL',
  },
  of_other_token: { code: 'invalid_dpop_proof', description: 'the DPoP proof is for another access token' },
  used: { code: 'invalid_dpop_proof', description: 'the DPoP proof was used before' },
  not_recent: {
    code: 'use_dpop_nonce',
    description: 'the DPoP proof is too old or too far in the future: use the nonce',
  },
  nonce_unknown: { code: 'use_dpop_nonce', description: 'the nonce of the DPoP proof is not a recent one' },
};
