import type { Assumption } from './assumption.js';
import { type Counts, countBeyond, countsFromEdges, secondsIn, sumOf } from './counts.js';

/** The effect of a timeout on a visit, which is the span in which a person works with a client, cut or not, until they are done. */
export interface VisitOutcome {
  /** Sessions ended by the timeout, the last of each visit included. */
  readonly cuts: number;
  /** The share of visits that end because the person does not sign in again. */
  readonly gaveUp: number;
  /** How often the person signs in again. */
  readonly signedInAgain: number;
  /** How long the visit is seen, in seconds. */
  readonly span: number;
}

/** Visits as they were seen under one timeout. */
export interface SeenVisits {
  readonly visits: number;
  /** Silences of at least so many seconds, for each second of the span that people mean to work. */
  readonly rateBeyond: (length: number) => number;
  /** The same at the beginning of each bucket. */
  readonly ratesFromEdges: () => Float64Array;
  /** The visit under another timeout. */
  readonly under: (candidate: number) => VisitOutcome;
}

/** The counts from which visits are estimated. */
export const kindsOfVisits = ['returned', 'cut', 'censored', 'back'] as const;

/** Visits that were seen: ended sessions less those that went on with another sign-in. */
export const visitsIn = ({ cut, censored, back }: Counts): number =>
  Math.max(0, sumOf(cut) + sumOf(censored) - sumOf(back));

/**
 * The visits that were seen under the inactivity timeout in force, if a share of people gives up at each sign-in page. Long silences come
 * at a rate λ in the span a person intends to work; the rate and the span under the timeout in force give the span that was intended. A
 * plain replay of the recorded silences would overstate cuts by 24 to 94 %: a person who gave up is not there to be cut again. Undefined if
 * no visit was seen.
 */
export function seenVisits(
  counts: Counts,
  inForce: number,
  { giveUpShare, spanShape }: Assumption,
): SeenVisits | undefined {
  const visits = visitsIn(counts);
  const span = secondsIn(counts.returned) + secondsIn(counts.back);
  if (visits < 1 || span === 0) return undefined;
  const rateBeyond = (length: number) =>
    (countBeyond(counts.returned, length) + countBeyond(counts.back, length) / (1 - giveUpShare)) / span;
  const ratesFromEdges = () => {
    const [returned, back] = [countsFromEdges(counts.returned), countsFromEdges(counts.back)];
    return returned.map((count, bucket) => (count + back[bucket]! / (1 - giveUpShare)) / span);
  };
  const intended = intendedSpan(rateBeyond(inForce) * giveUpShare, span / visits, spanShape);
  const under = (candidate: number): VisitOutcome => {
    const rate = rateBeyond(candidate);
    const stays = (1 + (rate * giveUpShare * intended) / spanShape) ** -spanShape;
    const seen = rate * giveUpShare === 0 ? intended : (1 - stays) / (rate * giveUpShare);
    return {
      cuts: rate * seen + stays,
      gaveUp: 1 - stays,
      signedInAgain: rate * seen * (1 - giveUpShare),
      span: seen,
    };
  };
  return { visits, rateBeyond, ratesFromEdges, under };
}

/**
 * The mean span L of which A is seen where people give up at the rate a: 1 − aA = (1 + aL/k)^−k, for spans that are gamma-distributed with
 * the shape k; A itself where nobody gives up. Were all spans of one length, the share that stays would be e^−aL, and short timeouts would be
 * told to cost up to a tenth more than they do (ADR 54).
 */
function intendedSpan(givingUp: number, seen: number, spanShape: number): number {
  if (givingUp === 0) return seen;
  // More giving up than there was time for cannot be; the longest span that can still be told is taken.
  const staying = 1 - Math.min(givingUp * seen, 0.999);
  return (spanShape * (staying ** (-1 / spanShape) - 1)) / givingUp;
}
