import type { SessionPolicy } from './policy.js';
import type { Session } from './session.js';
import type { RequestSignals } from './signals.js';

/** The signals that a sibling has in common with the sign-in: those of its network, its device and its TLS library. */
const sharedSignals = [
  'prefix',
  'userAgentFamily',
  'operatingSystem',
  'deviceId',
  'tlsFingerprint',
] as const satisfies readonly (keyof RequestSignals)[];

/**
 * Whether a request shares the circumstances of the sign-in. Risk asks whether a difference is known; this asks whether there is none, so a
 * signal that is known on one side only is a difference, and a network that nobody knows is shared with nobody.
 */
export const sharesCircumstances = (baseline: RequestSignals, seen: RequestSignals): boolean =>
  baseline.prefix !== null && sharedSignals.every((signal) => baseline[signal] === seen[signal]);

/** Any number of siblings, as a column can count them: the largest `integer` of PostgreSQL. */
export const unlimited = 2_147_483_647;

/** The count that serves no sibling. It is no less than any limit, so it stands in the row in place of a column of its own. */
const noneServed = unlimited;

/**
 * The siblings that a rotation begins with. A client that rotated from other circumstances than those of the sign-in may be a thief: an
 * ancestor that its holder presents at home is then the proof of the theft (RFC 9700 §4.14.2), and must not be served as a sibling's.
 */
export const siblingsAfterRotation = (
  { baseline }: Pick<Session, 'baseline'>,
  seen: RequestSignals,
  { siblings }: SessionPolicy,
): number => (siblings === 'serve' && !sharesCircumstances(baseline, seen) ? noneServed : 0);
