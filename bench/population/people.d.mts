/** What is hidden from the estimators. */
export interface Truth {
  readonly people: number;
  readonly days: number;
  readonly giveUpShare: number;
  /** The share of silences that a client ends in the background, and at which length. */
  readonly clockwork?: { readonly share: number; readonly every: number };
  /** The share of days on which a person visits once; without it, everybody visits once or twice on every day. */
  readonly visitShare?: number;
  /** How long visits and silences are, unless it is a workday at a desk. */
  readonly pace?: Pace;
  readonly seed: number;
}

/** Lengths in seconds, each log-normal: of visits, and of silences as a mixture of kinds with their cumulative shares. */
export interface Pace {
  readonly span: { readonly median: number; readonly spread: number };
  readonly silences: readonly { readonly upTo: number; readonly median: number; readonly spread: number }[];
}

/** Few silences in a visit, and a long one in most of them. */
export const seldom: Pace;

/** A silence as it is intended, in seconds. */
export interface IntendedSilence {
  readonly length: number;
  /** A client ends it in the background, and no person does. */
  readonly byClock: boolean;
  /** A person with less than the give-up share gives up at a sign-in page. */
  readonly patience: number;
}

/** A visit as a person intends it. */
export interface IntendedVisit {
  /** Seconds after midnight. */
  readonly startsAt: number;
  readonly silences: readonly IntendedSilence[];
}

/** How a silence of a visit ended, and how long it was, in seconds. */
export interface VisitStep {
  readonly kind: 'returned' | 'came back' | 'gave up';
  readonly length: number;
  readonly byClock: boolean;
}

/** For each person and day, the visits they intend. */
export function intendedVisits(truth: Truth): Generator<{
  readonly person: number;
  readonly day: number;
  readonly visits: readonly IntendedVisit[];
}>;

/** What becomes of a visit under a timeout: its silences, up to the last activity or to where the person gives up. */
export function livedUnder(visit: IntendedVisit, timeout: number, giveUpShare: number): VisitStep[];

/** What a server counts of a visit under a timeout, as kinds and seconds: at the end of a visit the timeout ends its last session. */
export function countedOf(
  steps: readonly VisitStep[],
  timeout: number,
): Generator<readonly [kind: 'returned' | 'cut' | 'back' | 'resumed', seconds: number]>;

/** What a server counts of a visit while a canary runs, where the shorter timeout of its arms is `shorter`, as kinds and seconds. */
export function trialCountedOf(
  steps: readonly VisitStep[],
  shorter: number,
): Generator<readonly [kind: 'reached' | 'rejoined', seconds: number]>;

/** Hours in which the sessions of a visit are alive and nobody has been active for two minutes; its last silence ends by the timeout. */
export function exposureHoursOf(steps: readonly VisitStep[], timeout: number): number;
