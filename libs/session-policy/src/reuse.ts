import type { ReuseClass, ReuseEvidence } from './decisions.js';
import { differingSignals } from './risk.js';
import type { PresentedToken, Session } from './session.js';
import { elapsedMs, type Instant, type Seconds } from './time.js';

/** A parent that comes again within these seconds of its rotation was most likely sent in parallel. */
export const concurrentWithin = 2 as Seconds;

/** Whether the last rotation is so recent that a further use of its parent was under way before its answer could arrive. */
export const isConcurrent = (session: Session, now: Instant): boolean =>
  session.rotatedAt !== null && elapsedMs(session.rotatedAt, now) <= concurrentWithin * 1000;

/** Which explanation fits the presentation of a superseded token best. */
function classOf(session: Session, presented: PresentedToken, now: Instant): ReuseClass {
  if (presented.generation < session.generation - 1) return 'stale_lineage';
  return isConcurrent(session, now) ? 'concurrent' : 'lost_response';
}

/** Whether the token may be used with the key shown. A bearer token (no key bound) may be shown with any, RFC 9449 §5. */
export const keyFits = (session: Session, presented: PresentedToken): boolean =>
  session.keyThumbprint === null || session.keyThumbprint === presented.keyThumbprint;

/** The evidence by which an operator tells theft from accident; `knownClass` if the row already decides it. */
export function evidenceOf(
  session: Session,
  presented: PresentedToken,
  now: Instant,
  knownClass?: ReuseClass,
): ReuseEvidence {
  const differing: string[] = [...differingSignals(session.baseline, presented.signals)];
  if (!keyFits(session, presented)) differing.push('keyThumbprint');
  return {
    class: knownClass ?? classOf(session, presented, now),
    presentedGeneration: presented.generation,
    currentGeneration: session.generation,
    secondsSinceRotation: session.rotatedAt === null ? null : elapsedMs(session.rotatedAt, now) / 1000,
    differingSignals: differing,
  };
}
