/** The times that an answer can look back. Days. */
export const spans = [7, 28, 90] as const;

/** The question of the page, as it stands in the address: about everybody, one application, or one policy. */
export interface InsightSearch {
  readonly client?: string;
  readonly policy?: string;
  readonly days?: number;
}

/** Reads the question of an address. The admin API judges the names; a policy stands back behind an application. */
export function readInsightSearch(address: Readonly<Record<string, unknown>>): InsightSearch {
  const { client, policy, days } = address;
  const found = spans.find((span) => span === Number(days));
  return {
    ...(typeof client === 'string' && client !== '' ? { client } : {}),
    ...(typeof policy === 'string' && policy !== '' && !client ? { policy } : {}),
    ...(found ? { days: found } : {}),
  };
}
