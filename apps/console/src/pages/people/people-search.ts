/** The conditions of the list, as they stand in the address. */
export interface PeopleSearch {
  readonly prefix?: string;
}

/** The identity provider that is open, as it stands in the address. */
export interface ProviderSearch {
  readonly provider?: string;
}

/** Reads it from an address. */
export const readProviderSearch = ({ provider }: Readonly<Record<string, unknown>>): ProviderSearch =>
  (typeof provider === 'string' || typeof provider === 'number') && provider !== ''
    ? { provider: String(provider) }
    : {};

/** Reads the conditions of an address. */
export const readPeopleSearch = (address: Readonly<Record<string, unknown>>): PeopleSearch => {
  const { prefix } = address;
  return (typeof prefix === 'string' || typeof prefix === 'number') && prefix !== ''
    ? { prefix: String(prefix) }
    : {};
};
