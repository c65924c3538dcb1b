import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { scimMediaType } from './scim-error.js';
import { scimRoot } from './scim-view.js';

// Ids compare exactly (RFC 7643 §3.1): a text that is no UUID in lower case names nobody, and is answered with 404.
const byId = z.object({ id: z.string().max(100) });
const names = z.string().max(1_000).optional().meta({ description: 'Names of attributes (RFC 7644 §3.9).' });
const selection = { attributes: names, excludedAttributes: names };
const number = (least: number) =>
  z.coerce
    .number({ error: 'must be a whole number' })
    .int({ error: 'must be a whole number' })
    .max(1_000_000, { error: 'must be at most 1000000' })
    // Smaller values are read as the least one (RFC 7644 §3.4.2.4).
    .transform((value) => Math.max(least, value))
    .optional();
// Names of attributes compare without case, so the attributes are read and checked in scim-attributes.ts.
const member = (description: string) => z.unknown().optional().meta({ description });
const resource = z.looseObject({
  schemas: member('The schemas of the User.'),
  userName: member('The name that the person signs in with; required.'),
  externalId: member('The id in the directory.'),
  displayName: member('The name for people.'),
  name: member('The parts of the name, which become displayName where that is absent.'),
  active: member('Whether the person may sign in.'),
  emails: member('Addresses: the primary one is kept, else the first.'),
});
const user = { schema: z.record(z.string(), z.unknown()), mediaType: scimMediaType };
const unknown = { 404: ['unknown_account'] } as const;
const faulty = ['invalid_value', 'invalid_path', 'mutability'] as const;
const refused = ['username_invalid', 'display_name_invalid', 'email_invalid', 'external_id_invalid'] as const;
const taken = ['username_taken', 'email_taken'] as const;

/** Search. */
export const search = operation({
  id: 'scimSearch',
  method: 'get',
  path: `${scimRoot}/Users`,
  tag: 'accounts',
  summary: 'Lists accounts by SCIM (RFC 7644 §3.4.2).',
  scope: 'accounts:read',
  query: z.strictObject({
    filter: z
      .string()
      .max(1_000)
      .optional()
      .meta({ description: '`userName`, `externalId` or `id`, then `eq` and a text in quotation marks.' }),
    startIndex: number(1),
    count: number(0),
    ...selection,
  }),
  answers: { 200: { description: 'A list response.', ...user } },
  problems: { 400: ['invalid_filter'] },
});

/** Read. */
export const read = operation({
  id: 'scimRead',
  method: 'get',
  path: `${scimRoot}/Users/{id}`,
  tag: 'accounts',
  summary: 'Shows an account by SCIM.',
  scope: 'accounts:read',
  params: byId,
  query: z.strictObject(selection),
  answers: { 200: { description: 'The User.', ...user } },
  problems: unknown,
});

/** Create. */
export const create = operation({
  id: 'scimCreate',
  method: 'post',
  path: `${scimRoot}/Users`,
  tag: 'accounts',
  summary: 'Creates an account by SCIM (RFC 7644 §3.3).',
  description: 'Without a password the person signs in with another identity provider, or is invited.',
  scope: 'accounts:write',
  powerless: true,
  body: resource,
  answers: { 201: { description: 'The User.', ...user } },
  problems: {
    400: [
      ...faulty,
      ...refused,
      'password_too_short',
      'password_too_long',
      'password_is_username',
      'password_too_common',
    ],
    409: taken,
    503: ['overloaded'],
  },
});

const change = {
  tag: 'accounts',
  scope: 'accounts:write',
  params: byId,
  answers: { 200: { description: 'The User as it is now.', ...user } },
  problems: {
    400: [...faulty, ...refused],
    403: ['beyond_own_scopes'],
    ...unknown,
    409: [...taken, 'last_administrator'],
  },
} as const;
const ending = 'With `active` false everything that the account has authorized ends in the same commit.';

/** Replace. */
export const replace = operation({
  ...change,
  id: 'scimReplace',
  method: 'put',
  path: `${scimRoot}/Users/{id}`,
  summary: 'Replaces the attributes of an account by SCIM (RFC 7644 §3.5.1).',
  description: `${ending} An absent \`active\` leaves it as it is.`,
  body: resource,
});

/** Change. */
export const patch = operation({
  ...change,
  id: 'scimChange',
  method: 'patch',
  path: `${scimRoot}/Users/{id}`,
  summary: 'Changes attributes of an account by SCIM (RFC 7644 §3.5.2).',
  description: ending,
  body: z.looseObject({
    Operations: z
      .array(
        z.looseObject({
          op: z.string().max(20),
          path: z.string().max(300).optional(),
          value: z.unknown().optional(),
        }),
      )
      .min(1)
      .max(100),
  }),
  problems: { ...change.problems, 400: [...change.problems[400], 'invalid_syntax', 'no_target'] },
});

/** Delete. */
export const remove = operation({
  id: 'scimDelete',
  method: 'delete',
  path: `${scimRoot}/Users/{id}`,
  tag: 'accounts',
  summary: 'Deletes an account by SCIM (RFC 7644 §3.6), and ends its sessions.',
  scope: 'accounts:write',
  params: byId,
  answers: { 204: { description: 'Deleted.' } },
  problems: { 403: ['beyond_own_scopes'], ...unknown, 409: ['last_administrator'] },
});

const discovery = <const Id extends string, const Path extends string>(id: Id, path: Path, summary: string) =>
  ({
    id,
    method: 'get',
    path: `${scimRoot}/${path}`,
    tag: 'accounts',
    summary,
    scope: 'accounts:read',
    answers: { 200: { description: 'As RFC 7643 describes it.', ...user } },
  }) as const;

/** The abilities. */
export const configuration = operation(
  discovery('scimConfiguration', 'ServiceProviderConfig', 'Says what this service knows of SCIM.'),
);
/** The types of resources. */
export const resourceTypes = operation(
  discovery('scimResourceTypes', 'ResourceTypes', 'Lists the types of resources of SCIM.'),
);
/** One type. */
export const resourceType = operation({
  ...discovery('scimResourceType', 'ResourceTypes/{id}', 'Shows a type of resources of SCIM.'),
  params: byId,
  problems: { 404: ['not_found'] },
});
/** The schemas. */
export const schemas = operation(discovery('scimSchemas', 'Schemas', 'Lists the schemas of SCIM.'));
/** One schema. */
export const schema = operation({
  ...discovery('scimSchema', 'Schemas/{id}', 'Shows a schema of SCIM.'),
  params: byId,
  problems: { 404: ['not_found'] },
});
