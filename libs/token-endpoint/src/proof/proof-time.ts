import type { Instant } from '@curfew/session-policy';
import { proofTolerance } from '../lifetimes.js';
import { epochSeconds } from '../session-payload.js';

/** Whether the time a proof states is within the tolerance: the one answer for the token endpoint and for the endpoints of the library. */
export function isTimely(iat: number, now: Instant): boolean {
  const age = epochSeconds(now) - iat;
  return age <= proofTolerance.past && age >= -proofTolerance.future;
}
