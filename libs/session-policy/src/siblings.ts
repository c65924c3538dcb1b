import type { RiskAssessment } from './decisions.js';
import { sharesCircumstances, unlimited } from './lifecycle.js';
import type { SessionPolicy } from './policy.js';
import { keyFits } from './risk.js';
import type { PresentedToken, Session } from './session.js';
import { type Instant, isPast, plus } from './time.js';

/** Siblings served between two rotations of a session that is bound to no key, whatever its policy says. */
export const maxUnboundSiblings = 1_000;

/** How many siblings may be served between two rotations. Only where a thief would need the key is their number of no concern. */
export const siblingLimitOf = (
  { keyThumbprint }: Pick<Session, 'keyThumbprint'>,
  { siblingLimit }: SessionPolicy,
): number => siblingLimit ?? (keyThumbprint === null ? maxUnboundSiblings : unlimited);

/**
 * Whether a superseded refresh token is most likely held by another process of its client, which shares one store of tokens with the process
 * that rotated it. It gets an access token and no refresh token (RFC 6749 §6: the new refresh token is optional), so the lineage does not fork.
 */
export function isSibling(
  session: Session,
  presented: PresentedToken,
  policy: SessionPolicy,
  risk: RiskAssessment,
  now: Instant,
): boolean {
  if (policy.siblings !== 'serve' || session.rotatedAt === null) return false;
  const distance = session.generation - presented.generation;
  return (
    distance >= 1 &&
    distance <= policy.siblingDistance &&
    !isPast(plus(session.rotatedAt, policy.siblingWindow), now) &&
    session.siblings < siblingLimitOf(session, policy) &&
    keyFits(session, presented) &&
    sharesCircumstances(session.baseline, presented.signals) &&
    (risk.action === 'none' || risk.action === 'observe')
  );
}
