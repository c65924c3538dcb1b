import type { EndReason } from './end-reasons.js';

/** The actor that caused something; the kinds are the initiating entities of OpenID CAEP 1.0 §2, with the client told apart. */
export type Actor = {
  readonly kind: 'user' | 'client' | 'administrator' | 'policy' | 'system';
  /** Account, client or administrator id; null for the service itself. */
  readonly id: string | null;
  readonly ip: string | null;
};

/** Faults that the protocol itself may find in a refresh before the session is asked (RFC 6749 §5.2, RFC 8707, RFC 9449). */
export const protocolRefusals = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'invalid_dpop_proof',
  'use_dpop_nonce',
  'refused',
] as const;
/** One of these faults. */
export type ProtocolRefusal = (typeof protocolRefusals)[number];

/** Why a genuine refresh token was refused: the session is over, the token, client or key does not match, or the request is wrong. */
export type RefusalCause =
  | EndReason
  | 'unknown_token'
  | 'wrong_client'
  | 'wrong_key'
  | 'context_too_weak'
  | ProtocolRefusal;
