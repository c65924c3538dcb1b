import { readConditions } from '../../elements/conditions.js';
import type { operations } from '../../generated/admin-api.js';

/** The conditions of a search for sessions, as the admin API takes them. */
export type SessionQuery = NonNullable<operations['listSessions']['parameters']['query']>;

/** A reason for an end. */
export type EndReason = NonNullable<SessionQuery['reason']>;

const members = [
  'account',
  'client',
  'ip',
  'user_agent',
  'state',
  'reason',
  'started_after',
  'started_before',
  'active_before',
  'policy',
  'sort',
] as const satisfies readonly (keyof SessionQuery)[];

/** The search of the page, as it stands in the address. */
export type SessionSearch = { readonly [Name in (typeof members)[number]]?: SessionQuery[Name] };

/** A change of the search; undefined takes a condition away. */
export type SearchChange = { readonly [Name in keyof SessionSearch]: SessionSearch[Name] | undefined };

/** Reads the search of an address. A state of `all` is no condition. */
export function readSessionSearch(address: Readonly<Record<string, unknown>>): SessionSearch {
  const search = readConditions<SessionSearch>(members, address);
  // The router lays this over the address, so the condition is taken away by its name.
  return address['state'] === 'all' ? ({ ...search, state: undefined } as never) : search;
}

/** The search as a selection of what is to be ended: its order has no part in that. */
export const selectionOf = ({ sort: _, ...conditions }: SessionSearch) => ({
  ...conditions,
  state: 'live' as const,
});
