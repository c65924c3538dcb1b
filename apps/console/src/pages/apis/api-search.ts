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
