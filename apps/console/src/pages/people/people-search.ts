/** The conditions of the list, as they stand in the address. */
export interface PeopleSearch {
  readonly prefix?: string;
}

/** Reads the conditions of an address. */
export const readPeopleSearch = (address: Readonly<Record<string, unknown>>): PeopleSearch => {
  const { prefix } = address;
  return (typeof prefix === 'string' || typeof prefix === 'number') && prefix !== ''
    ? { prefix: String(prefix) }
    : {};
};
