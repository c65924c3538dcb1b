import { readConditions } from '../../elements/conditions.js';

/** The conditions of the APIs, and the one that is opened, as they stand in the address. */
export interface ApiSearch {
  readonly search?: string;
  /** The audience of the API that is opened. */
  readonly api?: string;
}

/** Reads the conditions of an address. */
export const readApiSearch = (address: Readonly<Record<string, unknown>>): ApiSearch =>
  readConditions<ApiSearch>(['search', 'api'], address);

/** The conditions of the routes, and the request that is tried against them, as they stand in the address. */
export interface RouteSearch {
  readonly resource?: string;
  readonly url?: string;
  readonly method?: string;
}

/** Reads the conditions of an address. */
export const readRouteSearch = (address: Readonly<Record<string, unknown>>): RouteSearch =>
  Object.fromEntries(
    ['resource', 'url', 'method'].flatMap((name) => {
      const value = address[name];
      return typeof value === 'string' && value !== '' ? [[name, value]] : [];
    }),
  );
