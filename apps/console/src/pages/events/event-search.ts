import { readConditions } from '../../elements/conditions.js';
import type { operations } from '../../generated/admin-api.js';

/** The conditions of a search for events, as the admin API takes them. */
export type EventQuery = NonNullable<operations['listEvents']['parameters']['query']>;

const members = [
  'type',
  'account',
  'client',
  'session',
  'ip',
  'since',
  'until',
] as const satisfies readonly (keyof EventQuery)[];

/** The search of the page, as it stands in the address. */
export type EventSearch = { readonly [Name in (typeof members)[number]]?: EventQuery[Name] };

/** A change of the search; undefined takes a condition away. */
export type EventSearchChange = { readonly [Name in keyof EventSearch]: EventSearch[Name] | undefined };

/** The transmitter that is open, as it stands in the address. */
export interface TransmitterSearch {
  readonly transmitter?: string;
}

/** Reads it from an address. */
export const readTransmitterSearch = (address: Readonly<Record<string, unknown>>): TransmitterSearch =>
  readConditions(['transmitter'], address);

/** Reads the search of an address. */
export const readEventSearch = (address: Readonly<Record<string, unknown>>): EventSearch =>
  readConditions(members, address);
