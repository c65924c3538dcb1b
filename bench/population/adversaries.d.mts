import type { IntendedVisit, Truth } from './people.mjs';

/** People under a policy that adapts. */
export interface Population {
  readonly name: string;
  /** The inactivity timeout at the beginning, in seconds. */
  readonly inForce: number;
  readonly truth: Truth;
  /** What is different from a day on. */
  readonly later?: Partial<Truth> & { readonly from: number };
  /** The day from which on nobody works any more. */
  readonly until?: number;
  /** The day on which its application is released. */
  readonly releasedOn?: number;
  /** Whether one account makes half of the silences. */
  readonly isOneLoud?: boolean;
  /** How many give up in a canary, where that is another share than beside it. */
  readonly canaryGiveUpShare?: number;
}

/** A visit of one of the people. */
export interface PlannedVisit {
  readonly person: number;
  readonly visit: IntendedVisit;
}

/** The populations, with so many people in each. */
export function adversaries(size: { readonly people: number; readonly seed: number }): Population[];

/** For each day the visits that the people of a population intend. */
export function visitsByDay(population: Population, days: number): PlannedVisit[][];
