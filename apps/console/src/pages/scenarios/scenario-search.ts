import { readConditions } from '../../elements/conditions.js';

const members = ['scenario', 'play'] as const;

/** The scenario that is open and the play that is watched, as they stand in the address. */
export type ScenarioSearch = { readonly [Name in (typeof members)[number]]?: string };

/** Reads the search of an address. */
export const readScenarioSearch = (address: Readonly<Record<string, unknown>>): ScenarioSearch =>
  readConditions<ScenarioSearch>(members, address);
