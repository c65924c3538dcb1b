import { readConditions } from '../../elements/conditions.js';

/** The conditions of the list, and the host of documents that is opened, as they stand in the address. */
export interface ApplicationSearch {
  readonly search?: string;
  readonly host?: string;
}

/** Reads the conditions of an address. */
export const readApplicationSearch = (address: Readonly<Record<string, unknown>>): ApplicationSearch =>
  readConditions<ApplicationSearch>(['search', 'host'], address);
