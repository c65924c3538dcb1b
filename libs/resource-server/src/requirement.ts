import { type ChallengeContext, type Refusal, refuse } from './http/challenges.js';
import type { TokenFacts } from './token-facts.js';

/** The requirements of a route, beyond a token that is active and meant for this resource. Durations are whole seconds. */
export interface Requirement {
  /** Every one of these scope values. */
  readonly scopes?: readonly string[] | undefined;
  /** The token was issued at most so long ago. */
  readonly maxTokenAge?: number | undefined;
  /** The person authenticated at most so long ago (RFC 9470 `max_age`). */
  readonly maxAuthAge?: number | undefined;
  /** One of these authentication context classes (RFC 9470 `acr_values`). */
  readonly acrValues?: readonly string[] | undefined;
  /** The session began at most so long ago, where there is one; a client's own token has none. */
  readonly maxSessionAge?: number | undefined;
  /** The session was used at most so long ago, where there is one. A use that is refused for this does not count as one. */
  readonly maxIdle?: number | undefined;
  /** The request does not count as activity of a person, such as a health check or polling. */
  readonly passive?: boolean | undefined;
}

const seconds = (ms: number): number => ms / 1000;

/** The first thing a route misses in a token, as a refusal with its challenge; undefined when nothing is missing. `now` in ms. */
export function missing(
  facts: TokenFacts,
  required: Requirement,
  context: ChallengeContext,
  now: number,
): Refusal | undefined {
  const { scopes = [], maxTokenAge, maxAuthAge, acrValues = [], maxSessionAge, maxIdle } = required;
  if (maxTokenAge !== undefined && seconds(now - facts.issuedAt) >= maxTokenAge)
    return refuse(401, 'invalid_token', 'the token is older than this resource allows', context);
  if (facts.sessionId !== undefined) {
    if (isOver(maxSessionAge, facts.sessionStartedAt))
      return stepUp('the session is older than this resource allows', { max_age: maxSessionAge! });
    if (isOver(maxIdle, facts.lastActiveAt))
      return stepUp('the session was idle for longer than this resource allows', { max_age: maxIdle! });
  }
  const signedInAt = facts.authenticatedAt;
  if (maxAuthAge !== undefined && (signedInAt === undefined || seconds(now - signedInAt) >= maxAuthAge))
    return stepUp('a more recent authentication is required', { max_age: maxAuthAge });
  if (acrValues.length > 0 && !(facts.acr !== undefined && acrValues.includes(facts.acr)))
    return stepUp('a different authentication is required', { acr_values: acrValues.join(' ') });
  if (scopes.some((scope) => !facts.scopes.includes(scope)))
    return refuse(403, 'insufficient_scope', 'the token lacks a scope', context, { scope: scopes.join(' ') });
  return undefined;

  /** An unknown time counts as too long ago: a missing fact must not let a request pass. */
  function isOver(longest: number | undefined, since: number | undefined): boolean {
    return longest !== undefined && (since === undefined || seconds(now - since) >= longest);
  }

  function stepUp(description: string, parameters: { max_age?: number; acr_values?: string }): Refusal {
    return refuse(401, 'insufficient_user_authentication', description, context, parameters);
  }
}

/**
 * Combines two requirements: all scopes, the shorter of two ages, the authentication context classes that both allow. Undefined when no
 * class is in both, because no token could meet them.
 */
export function together(a: Requirement, b: Requirement): Required<Requirement> | undefined {
  const shorter = (name: 'maxTokenAge' | 'maxAuthAge' | 'maxSessionAge' | 'maxIdle') => {
    const ages = [a[name], b[name]].filter((age) => age !== undefined);
    return ages.length === 0 ? undefined : Math.min(...ages);
  };
  const [some = [], others = []] = [a.acrValues, b.acrValues];
  const acrValues =
    some.length > 0 && others.length > 0 ? some.filter((acr) => others.includes(acr)) : [...some, ...others];
  if (acrValues.length === 0 && some.length > 0) return undefined;
  return {
    scopes: [...new Set([...(a.scopes ?? []), ...(b.scopes ?? [])])],
    acrValues,
    maxTokenAge: shorter('maxTokenAge'),
    maxAuthAge: shorter('maxAuthAge'),
    maxSessionAge: shorter('maxSessionAge'),
    maxIdle: shorter('maxIdle'),
    passive: a.passive === true || b.passive === true,
  };
}
