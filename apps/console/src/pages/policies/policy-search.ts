/** The parts of the page of a policy. */
export const views = ['settings', 'trials', 'adaptation', 'revisions'] as const;

/** A part of the page of a policy. */
export type View = (typeof views)[number];

/** The part of the page of a policy that is shown, as it stands in the address. */
export interface PolicySearch {
  readonly view?: View;
  /** The inactivity timeout that is asked about, in minutes. */
  readonly minutes?: number;
  /** The revisions that stand side by side. */
  readonly from?: number;
  readonly to?: number;
}

const count = (value: unknown): number | undefined => {
  const read = Number(value);
  return Number.isInteger(read) && read > 0 ? read : undefined;
};

/** Reads the search of an address; a value that makes no sense is dropped. */
export function readPolicySearch(address: Readonly<Record<string, unknown>>): PolicySearch {
  const view = views.find((one) => one === address['view']);
  const [minutes, from, to] = ['minutes', 'from', 'to'].map((name) => count(address[name]));
  return {
    ...(view ? { view } : {}),
    ...(minutes ? { minutes } : {}),
    ...(from ? { from } : {}),
    ...(to ? { to } : {}),
  };
}

/** The application and the API whose policy is shown, as they stand in the address. */
export interface EffectiveSearch {
  readonly client?: string;
  readonly resource?: string;
}

/** Reads the search of an address. */
export function readEffectiveSearch({
  client,
  resource,
}: Readonly<Record<string, unknown>>): EffectiveSearch {
  return {
    ...(typeof client === 'string' && client !== '' ? { client } : {}),
    ...(typeof resource === 'string' && resource !== '' ? { resource } : {}),
  };
}
