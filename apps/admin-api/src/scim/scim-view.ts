import { Answer } from '../contract/answer.js';
import type { ScimAccount } from './scim.store.js';
import { schemas } from './scim-attributes.js';
import { scimMediaType } from './scim-error.js';

/** The path of SCIM below the address of this API. */
export const scimRoot = '/scim/v2';

/** An answer of SCIM. */
export const scimAnswer = (
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer => new Answer(status, body, { 'Content-Type': scimMediaType, ...headers });

/** The address of a User. */
export const locationOf = (adminUrl: string, id: string): string => `${adminUrl}${scimRoot}/Users/${id}`;

/** An account as a User (RFC 7643 §4.1); attributes without value are left out. */
export const shownAccount = (account: ScimAccount, adminUrl: string): Readonly<Record<string, unknown>> => ({
  schemas: [schemas.user],
  id: account.id,
  ...(account.externalId === null ? {} : { externalId: account.externalId }),
  userName: account.username,
  ...(account.displayName === null
    ? {}
    : { displayName: account.displayName, name: { formatted: account.displayName } }),
  active: account.active,
  ...(account.email === null ? {} : { emails: [{ value: account.email, type: 'work', primary: true }] }),
  ...(account.groups.length === 0
    ? {}
    : { groups: account.groups.map((group) => ({ value: group, display: group })) }),
  meta: {
    resourceType: 'User',
    created: account.createdAt.toISOString(),
    lastModified: account.updatedAt.toISOString(),
    location: locationOf(adminUrl, account.id),
  },
});

/** The attributes that a client asks for, or does not want (RFC 7644 §3.9); `id` and `schemas` are always there. */
export interface WantedAttributes {
  readonly attributes?: string | undefined;
  readonly excludedAttributes?: string | undefined;
}

const always: ReadonlySet<string> = new Set(['schemas', 'id']);
const namesIn = (list: string): ReadonlySet<string> =>
  new Set(list.split(',').map((name) => name.trim().split(/[.[]/, 1)[0]!.toLowerCase()));

/** The attributes of a User that a client wants to see. */
export function selected(
  shown: Readonly<Record<string, unknown>>,
  { attributes, excludedAttributes }: WantedAttributes,
): Readonly<Record<string, unknown>> {
  const wanted = attributes === undefined ? undefined : namesIn(attributes);
  const unwanted = namesIn(excludedAttributes ?? '');
  const isShown = (name: string) =>
    always.has(name) || (wanted ? wanted.has(name.toLowerCase()) : !unwanted.has(name.toLowerCase()));
  return Object.fromEntries(Object.entries(shown).filter(([name]) => isShown(name)));
}

/** A list response (RFC 7644 §3.4.2). */
export const listed = (resources: readonly unknown[], total = resources.length, startIndex = 1) => ({
  schemas: [schemas.list],
  totalResults: total,
  startIndex,
  itemsPerPage: resources.length,
  Resources: resources,
});
