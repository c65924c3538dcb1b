import type { Seconds } from '@curfew/session-policy';
import type { ErrorCause } from './refusals/error-cause.js';

/** The details of an error response beside its code. */
interface Particulars {
  /** 400 unless stated (RFC 6749 §5.2). */
  readonly status?: number;
  readonly description?: string | undefined;
  /** The scope values that cannot be granted. */
  readonly scope?: string | undefined;
  /** How recent the next sign-in has to be (RFC 9470 §3). */
  readonly maxAge?: number;
  /** The context class that the next sign-in has to reach (RFC 9470 §3). */
  readonly acrValues?: string;
  readonly retryAfter?: Seconds;
  /** For the log: a word of a closed list, never something that was sent. */
  readonly detail?: string | undefined;
}

/** A request that is refused: the error of RFC 6749 §5.2 that the client is told, and the exact cause that operators see. */
export class Refused extends Error {
  override readonly name = 'Refused';

  constructor(
    readonly error: string,
    readonly why: ErrorCause,
    readonly particulars: Particulars = {},
  ) {
    super(`${error}: ${why}`);
  }

  get status(): number {
    return this.particulars.status ?? 400;
  }

  get body(): Readonly<Record<string, unknown>> {
    const { description, scope, maxAge, acrValues } = this.particulars;
    return {
      error: this.error,
      error_description: description,
      scope,
      max_age: maxAge,
      acr_values: acrValues,
    };
  }
}

/** The request itself is wrong. */
export const invalidRequest = (description: string, why: ErrorCause): Refused =>
  new Refused('invalid_request', why, { description });

/** The client has not proved who it is. */
export const invalidClient = (why: ErrorCause): Refused =>
  new Refused('invalid_client', why, { status: 401, description: 'client authentication failed' });

/** The code or the refresh token leads to nothing. Every reason looks the same from outside. */
export const invalidGrant = (why: ErrorCause, detail?: string): Refused =>
  new Refused('invalid_grant', why, { description: 'grant request is invalid', detail });

/** The scope cannot be granted; `scope` names the values, where that helps. */
export const invalidScope = (description: string, scope?: string): Refused =>
  new Refused('invalid_scope', 'scope_invalid', { description, scope });

/** The access token opens nothing. Every reason looks the same from outside (RFC 6750 §3.1). */
export const invalidToken = (why: ErrorCause): Refused =>
  new Refused('invalid_token', why, { status: 401, description: 'invalid token provided' });

/** The access token is good, and not for this (RFC 6750 §3.1). */
export const insufficientScope = (description: string, scope: string): Refused =>
  new Refused('insufficient_scope', 'scope_invalid', { status: 403, description, scope });

/** The API cannot be had (RFC 8707 §2). */
export const invalidTarget = (description = 'resource indicator is missing, or unknown'): Refused =>
  new Refused('invalid_target', 'resource_invalid', { description });

/** The DPoP proof is wrong (RFC 9449 §5). */
export const invalidProof = (description: string, why: ErrorCause = 'dpop_proof_invalid'): Refused =>
  new Refused('invalid_dpop_proof', why, { description });

/** The DPoP proof needs a nonce of this service (RFC 9449 §8). */
export const useNonce = (description: string): Refused =>
  new Refused('use_dpop_nonce', 'dpop_nonce_required', { description });

/** The client must wait after too many failed attempts. */
export const tooManyAttempts = (retryAfter: Seconds): Refused =>
  new Refused('temporarily_unavailable', 'too_many_attempts', {
    status: 429,
    description: 'too many failed attempts',
    retryAfter,
  });

/** The client must wait because it asks too often. */
export const tooManyRequests = (retryAfter: Seconds): Refused =>
  new Refused('temporarily_unavailable', 'too_many_requests', {
    status: 429,
    description: 'too many requests',
    retryAfter,
  });

/** The same, where the sign-in proved less than a policy requires: a new sign-in has to reach this context class. */
export const strongerSignInRequired = (acrValues: string): Refused =>
  new Refused('insufficient_user_authentication', 'context_too_weak', {
    description: 'the person must authenticate with a further factor',
    acrValues,
  });

/** RFC 9470 §3 at the token endpoint: the client sends the person through a new sign-in. */
export const stepUpRequired = (): Refused =>
  new Refused('insufficient_user_authentication', 'step_up_required', {
    description: 'the person must authenticate again',
    maxAge: 0,
  });
