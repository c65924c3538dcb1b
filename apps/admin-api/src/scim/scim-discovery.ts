import { schemas } from './scim-attributes.js';
import { scimRoot } from './scim-view.js';

const off = { supported: false } as const;

/** The abilities of this service (RFC 7643 §5). */
export const configuration = (adminUrl: string) => ({
  schemas: [schemas.configuration],
  patch: { supported: true },
  bulk: { ...off, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: 200 },
  changePassword: off,
  sort: off,
  etag: off,
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'OAuth Bearer Token',
      description:
        'An access token of this installation for this API (RFC 6750), as a client gets it by client credentials.',
      specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${adminUrl}${scimRoot}/ServiceProviderConfig` },
});

/** The one type of resource (RFC 7643 §6). */
export const resourceType = (adminUrl: string) => ({
  schemas: [schemas.resourceType],
  id: 'User',
  name: 'User',
  endpoint: '/Users',
  description: 'An account.',
  schema: schemas.user,
  meta: { resourceType: 'ResourceType', location: `${adminUrl}${scimRoot}/ResourceTypes/User` },
});

interface Attribute {
  readonly type?: 'string' | 'boolean' | 'complex';
  readonly required?: true;
  readonly mutability?: 'readWrite' | 'readOnly' | 'writeOnly';
  readonly uniqueness?: 'server';
  readonly multiValued?: true;
  readonly subAttributes?: readonly object[];
}

const attribute = (name: string, description: string, more: Attribute = {}) => ({
  name,
  type: 'string',
  multiValued: false,
  description,
  required: false,
  caseExact: name === 'externalId',
  mutability: 'readWrite',
  returned: more.mutability === 'writeOnly' ? 'never' : 'default',
  uniqueness: 'none',
  ...more,
});

/** The attributes of a User that are kept here (RFC 7643 §7). */
export const accountSchema = (adminUrl: string) => ({
  schemas: [schemas.schema],
  id: schemas.user,
  name: 'User',
  description: 'An account.',
  attributes: [
    attribute('userName', 'The name that the person signs in with.', {
      required: true,
      uniqueness: 'server',
    }),
    attribute('displayName', 'The name for people.'),
    attribute('name', 'The parts of the name; they become displayName where that is absent.', {
      type: 'complex',
      subAttributes: [
        attribute('formatted', 'The whole name.'),
        attribute('givenName', 'The given name; not kept by itself.', { mutability: 'writeOnly' }),
        attribute('familyName', 'The family name; not kept by itself.', { mutability: 'writeOnly' }),
      ],
    }),
    attribute('active', 'Whether the person may sign in; false ends everything that is signed in.', {
      type: 'boolean',
    }),
    attribute('emails', 'One address is kept: the primary one, else the first.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        attribute('value', 'The address.'),
        attribute('type', 'Always work.'),
        attribute('primary', 'Always true.', { type: 'boolean' }),
      ],
    }),
    attribute('groups', 'The groups of the account.', {
      ...{ type: 'complex', multiValued: true, mutability: 'readOnly' },
      subAttributes: ['value', 'display'].map((part) =>
        attribute(part, 'The name of the group.', { mutability: 'readOnly' }),
      ),
    }),
    attribute('password', 'The first password; a later one is set elsewhere.', { mutability: 'writeOnly' }),
  ],
  meta: { resourceType: 'Schema', location: `${adminUrl}${scimRoot}/Schemas/${schemas.user}` },
});
