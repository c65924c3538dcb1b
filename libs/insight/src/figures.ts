import type { Assumption } from './assumption.js';
import { type CountKind, countBeyond, countWithin, sumOf } from './counts.js';
import type { Figure, TimeoutCounts } from './evidence.js';
import { exposureHours, presenceSeconds } from './exposure.js';
import { seenVisits, type VisitOutcome, visitsIn } from './visits.js';

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

const totalOf = (groups: readonly TimeoutCounts[], of: (group: TimeoutCounts) => number): number =>
  groups.reduce((sum, group) => sum + of(group), 0);

const countOf = (groups: readonly TimeoutCounts[], kind: CountKind): number =>
  totalOf(groups, ({ counts }) => sumOf(counts[kind]));

/** A figure of visits as if all of them were under `candidate` seconds, or, without one, under the timeout they were under. */
const ofVisits =
  (candidate: number | undefined, of: (outcome: VisitOutcome) => number) =>
  (groups: readonly TimeoutCounts[], assumption: Assumption): number =>
    totalOf(groups, ({ inactivityTimeout, counts }) => {
      const seen = seenVisits(counts, inactivityTimeout, assumption);
      return seen ? of(seen.under(candidate ?? inactivityTimeout)) * seen.visits : 0;
    });

const perVisit =
  (candidate: number | undefined, of: (outcome: VisitOutcome) => number): Figure =>
  (groups, assumption) =>
    ratio(
      ofVisits(candidate, of)(groups, assumption),
      totalOf(groups, ({ counts }) => visitsIn(counts)),
    );

/** Sessions ended by the inactivity timeout, for each visit. */
export const cutsPerVisit = (candidate?: number): Figure => perVisit(candidate, ({ cuts }) => cuts);

/** The share of visits in which the person does not sign in again. */
export const gaveUpPerVisit = (candidate?: number): Figure => perVisit(candidate, ({ gaveUp }) => gaveUp);

/** Sign-ins again, for each visit. */
export const signInsPerVisit = (candidate?: number): Figure =>
  perVisit(candidate, ({ signedInAgain }) => signedInAgain);

/** Sign-ins again, for each person and each day on which they signed in. */
export const signInsPerPersonDay =
  (candidate?: number): Figure =>
  (groups, assumption) =>
    ratio(
      ofVisits(candidate, ({ signedInAgain }) => signedInAgain)(groups, assumption),
      countOf(groups, 'first'),
    );

/** Unattended, usable hours in a day. */
export const exposurePerDay =
  (days: number, candidate?: number): Figure =>
  (groups, assumption) =>
    ratio(
      totalOf(groups, ({ inactivityTimeout, counts }) =>
        exposureHours(counts, inactivityTimeout, candidate ?? inactivityTimeout, assumption),
      ),
      days,
    );

/** People cut while they work, for each day: silences that outlast the timeout by less than two minutes. */
export const cutAtWorkPerDay =
  (days: number, candidate?: number): Figure =>
  (groups, assumption) =>
    ratio(
      totalOf(groups, ({ inactivityTimeout, counts }) => {
        const timeout = candidate ?? inactivityTimeout;
        const between = (kind: 'returned' | 'back') =>
          countBeyond(counts[kind], timeout) - countBeyond(counts[kind], timeout + presenceSeconds);
        return between('returned') + between('back') / (1 - assumption.giveUpShare);
      }),
      days,
    );

/** The share of timeouts whose person had a new session within two minutes of the end. */
export const cutWhileWorking: Figure = (groups) =>
  ratio(
    totalOf(groups, ({ counts }) => countWithin(counts.resumed, presenceSeconds)),
    countOf(groups, 'cut'),
  );
