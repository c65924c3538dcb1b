/** The conditions of the list, as they stand in the address. */
export interface ApplicationSearch {
  readonly search?: string;
}

/** Reads the conditions of an address. */
export const readApplicationSearch = (address: Readonly<Record<string, unknown>>): ApplicationSearch => {
  const { search } = address;
  return (typeof search === 'string' || typeof search === 'number') && search !== ''
    ? { search: String(search) }
    : {};
};
