/** Reads the conditions of a search from an address. Values are judged by the admin API alone; everything else is dropped. */
export function readConditions<Search extends object>(
  names: readonly (keyof Search & string)[],
  address: Readonly<Record<string, unknown>>,
): Search {
  const entries = names.flatMap((name) => {
    const value = address[name];
    return typeof value === 'string' || typeof value === 'number' ? [[name, String(value)] as const] : [];
  });
  return Object.fromEntries(entries) as Search;
}

/** Conditions with a change, without those that are empty; undefined takes a condition away. */
export function withConditions<Search extends object>(
  search: Search,
  change: { readonly [Name in keyof Search]?: Search[Name] | undefined },
): Search {
  const all = { ...search, ...change };
  return Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== undefined && value !== ''),
  ) as Search;
}
