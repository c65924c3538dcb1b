import { type AuthenticationContext, demandedBy, reaches } from './authentication.js';
import type { SessionPolicy } from './policy.js';
import { type Instant, isPast, plus, seconds } from './time.js';

const day = 86_400;

/** The facts that decide whether a person is asked to set up a second factor. */
export interface EnrolmentFacts {
  /** The strongest class that the account can prove with the factors it has. */
  readonly reachable: AuthenticationContext;
  /** When the person was first asked to set up a second factor; null where they never were. */
  readonly askedAt: Instant | null;
  /** Whether the person has proved who they are for this very request, and has not put the set-up off. */
  readonly isOffered: boolean;
  readonly now: Instant;
}

/** Whether a person goes on, is offered to set up a second factor, or has to. Handle it exhaustively. */
export type EnrolmentDecision =
  | { readonly kind: 'none' }
  /** The person may put it off until `due`. */
  | { readonly kind: 'offer'; readonly due: Instant }
  /** Nothing goes on before the account can prove the class. */
  | { readonly kind: 'demand'; readonly context: AuthenticationContext };

/**
 * Decides about the set-up of a second factor (NIST SP 800-63B-4 §4.1). The days run from the first time the person was asked, so that
 * a policy that is attached today makes nobody late at once. They end with the first factor.
 */
export function decideEnrolment(
  { enrolmentDays, requiredAcr }: Pick<SessionPolicy, 'enrolmentDays' | 'requiredAcr'>,
  { reachable, askedAt, isOffered, now }: EnrolmentFacts,
): EnrolmentDecision {
  const required = demandedBy(requiredAcr);
  if (required !== null && !reaches(reachable, required)) return { kind: 'demand', context: required };
  const second = 'urn:curfew:acr:mfa';
  if (enrolmentDays === null || reaches(reachable, second)) return { kind: 'none' };
  const due = plus(askedAt ?? now, seconds(enrolmentDays * day));
  if (isPast(due, now)) return { kind: 'demand', context: second };
  return isOffered ? { kind: 'offer', due } : { kind: 'none' };
}
