import { identityProviderId } from '@curfew/accounts/identity-providers';
import { authenticationMethods } from '@curfew/session-policy/authentication';
import { z } from 'zod';
import { operation } from '../contract/operation.js';
import { cursorParameter, limitParameter, pageOf, timestamp } from '../contract/wire.js';

const id = z
  .string()
  .regex(identityProviderId, {
    error: 'must be a word of at most 63 lower-case letters, digits and hyphens',
  })
  .meta({
    description:
      'A word. The provider sends people back to {issuer}/sign-in/upstream/{id}: register that there.',
  });
const byId = z.object({ id });
const etag = { ETag: 'The version; name it in If-Match to change it.' };
const scopeValue = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, { error: 'must be a scope value of at most 100 characters' });
const method = z.enum(authenticationMethods, {
  error: `must be one of ${authenticationMethods.join(', ')}`,
});

const settings = {
  issuer: z
    .string()
    .max(500, { error: 'must have at most 500 characters' })
    .meta({ description: 'The issuer identifier, from which its metadata is found.', format: 'uri' }),
  name: z
    .string()
    .trim()
    .min(1, { error: 'must have at least 1 character' })
    .max(60, { error: 'must have at most 60 characters' })
    .regex(/^[^\p{C}]*$/u, { error: 'must have no control characters' })
    .meta({ description: 'The name on the sign-in page: “Sign in with …”.' }),
  client_id: z
    .string()
    .min(1, { error: 'must have at least 1 character' })
    .max(200, { error: 'must have at most 200 characters' })
    .meta({ description: 'The id under which this service is registered there.' }),
  scopes: z
    .array(scopeValue)
    .max(20, { error: 'must be at most 20 scope values' })
    .default(['profile', 'email'])
    .meta({ description: 'Asked for beside openid.' }),
  links_by_email: z.boolean().default(false).meta({
    description:
      'Links somebody unknown to the account that has verified the same address here, if the provider says that it is verified. Whoever runs the provider can then sign in as any of these people.',
  }),
  creates_accounts: z.boolean().default(false).meta({
    description:
      'Makes an account for somebody unknown, named by preferred_username or a verified address. Otherwise they are refused.',
  }),
  single_sign_on: z.boolean().default(false).meta({
    description:
      'Takes a sign-in that the provider has already. Otherwise each sign-in here asks there for a new proof.',
  }),
  believes_amr: z
    .boolean()
    .default(false)
    .meta({ description: 'Takes over the methods that the provider tells (amr).' }),
  acr_methods: z
    .array(
      z.strictObject({
        acr: z
          .string()
          .min(1, { error: 'must have at least 1 character' })
          .max(200, { error: 'must have at most 200 characters' }),
        methods: z.array(method).max(6, { error: 'must be at most 6 methods' }),
      }),
    )
    .max(50, { error: 'must have at most 50 entries' })
    .refine((classes) => new Set(classes.map(({ acr }) => acr)).size === classes.length, {
      error: 'must name each acr once',
    })
    .default([])
    .meta({ description: 'The methods that a context class of the provider (acr) stands for here.' }),
  enabled: z.boolean().default(true).meta({ description: 'Whether people may sign in with it.' }),
};
const secret = z
  .string()
  .min(1, { error: 'must have at least 1 character' })
  .max(1_000, { error: 'must have at most 1000 characters' });

const shown = z.object({
  id: z.string(),
  issuer: z.string(),
  name: z.string(),
  client_id: z.string(),
  scopes: z.array(z.string()),
  links_by_email: z.boolean(),
  creates_accounts: z.boolean(),
  single_sign_on: z.boolean(),
  believes_amr: z.boolean(),
  acr_methods: z.array(z.object({ acr: z.string(), methods: z.array(z.string()) })),
  enabled: z.boolean(),
  redirect_uri: z.string().meta({ description: 'The address to register there.' }),
  version: z.number().int(),
  created_at: timestamp,
  updated_at: timestamp,
});

/** The list. */
export const list = operation({
  id: 'listIdentityProviders',
  method: 'get',
  path: '/v1/identity-providers',
  tag: 'accounts',
  summary: 'Lists the identity providers with which people sign in; never their secrets.',
  scope: 'accounts:read',
  query: z.strictObject({ limit: limitParameter(), cursor: cursorParameter }),
  answers: { 200: { description: 'A page of identity providers.', schema: pageOf(shown) } },
  problems: { 400: ['invalid_cursor'] },
});

/** One. */
export const show = operation({
  id: 'getIdentityProvider',
  method: 'get',
  path: '/v1/identity-providers/{id}',
  tag: 'accounts',
  summary: 'Shows an identity provider; never its secret.',
  scope: 'accounts:read',
  params: byId,
  answers: { 200: { description: 'The identity provider.', schema: shown, headers: etag } },
  problems: { 404: ['unknown_identity_provider'] },
});

/** A new one. */
export const create = operation({
  id: 'createIdentityProvider',
  method: 'post',
  path: '/v1/identity-providers',
  tag: 'accounts',
  summary: 'Lets people sign in with another identity provider (OpenID Connect).',
  description:
    'Whoever controls a provider can sign in as everybody who is linked to it, so the caller must hold every scope.',
  scope: 'accounts:write',
  body: z.strictObject({ id, ...settings, client_secret: secret }),
  idempotent: true,
  answers: { 201: { description: 'The identity provider, version 1.', schema: shown, headers: etag } },
  problems: {
    400: ['invalid_issuer'],
    403: ['beyond_own_scopes'],
    409: ['identity_provider_exists'],
  },
});

/** A change. */
export const change = operation({
  id: 'changeIdentityProvider',
  method: 'put',
  path: '/v1/identity-providers/{id}',
  tag: 'accounts',
  summary: 'Replaces the settings of an identity provider; missing members get their defaults again.',
  description: 'Without client_secret it keeps the one it has, as long as its issuer and client_id stay.',
  scope: 'accounts:write',
  params: byId,
  body: z.strictObject({ ...settings, client_secret: secret.optional() }),
  ifMatch: true,
  answers: { 200: { description: 'The identity provider.', schema: shown, headers: etag } },
  problems: {
    400: ['invalid_issuer', 'secret_missing'],
    403: ['beyond_own_scopes'],
    404: ['unknown_identity_provider'],
    409: ['identity_provider_exists'],
  },
});

/** Delete. */
export const remove = operation({
  id: 'deleteIdentityProvider',
  method: 'delete',
  path: '/v1/identity-providers/{id}',
  tag: 'accounts',
  summary: 'Deletes an identity provider. Accounts stay linked to its people, for when it comes back.',
  scope: 'accounts:write',
  params: byId,
  ifMatch: true,
  answers: { 204: { description: 'Deleted.' } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_identity_provider'] },
});
