import { type ChallengeContext, type Refusal, refuse } from './http/challenges.js';
import type { TokenFacts } from './token-facts.js';

/** What a route wants of a token beyond being active and meant for this resource. Lengths of time are whole seconds. */
export interface Requirement {
  /** Every one of these scope values. */
  readonly scopes?: readonly string[] | undefined;
  /** The token was issued at most so long ago. */
  readonly maxTokenAge?: number | undefined;
  /** The person authenticated at most so long ago (RFC 9470 `max_age`). */
  readonly maxAuthAge?: number | undefined;
  /** One of these authentication context classes (RFC 9470 `acr_values`). */
  readonly acrValues?: readonly string[] | undefined;
  /** A session was used at most so long ago, by its own inactivity timeout; the route's may be shorter. */
  readonly maxSessionAge?: number | undefined;
  /** The request does not count as activity of a person, such as a health check or polling. */
  readonly passive?: boolean | undefined;
  /** Tokens that are not bound to a key are refused. */
  readonly senderConstrained?: boolean | undefined;
}

const seconds = (ms: number): number => ms / 1000;

/** The first thing a route misses in a token, as a refusal with its challenge; undefined when nothing is missing. `now` in ms. */
export function missing(
  facts: TokenFacts,
  required: Requirement,
  context: ChallengeContext,
  now: number,
): Refusal | undefined {
  const { scopes = [], maxTokenAge, maxAuthAge, acrValues = [], maxSessionAge } = required;
  if (maxTokenAge !== undefined && seconds(now - facts.issuedAt) >= maxTokenAge)
    return refuse(401, 'invalid_token', 'the token is older than this resource allows', context);
  const signedInAt = facts.authenticatedAt;
  if (maxSessionAge !== undefined && (signedInAt === undefined || seconds(now - signedInAt) >= maxSessionAge))
    return stepUp('the session is older than this resource allows', { max_age: maxSessionAge });
  if (maxAuthAge !== undefined && (signedInAt === undefined || seconds(now - signedInAt) >= maxAuthAge))
    return stepUp('a more recent authentication is required', { max_age: maxAuthAge });
  if (acrValues.length > 0 && !(facts.acr !== undefined && acrValues.includes(facts.acr)))
    return stepUp('a different authentication is required', { acr_values: acrValues.join(' ') });
  if (scopes.some((scope) => !facts.scopes.includes(scope)))
    return refuse(403, 'insufficient_scope', 'the token lacks a scope', context, { scope: scopes.join(' ') });
  return undefined;

  function stepUp(description: string, parameters: { max_age?: number; acr_values?: string }): Refusal {
    return refuse(401, 'insufficient_user_authentication', description, context, parameters);
  }
}
