import { adminScopeNames } from '@curfew/config/admin-scopes';
import { z } from 'zod';
import { endedAlong } from '../clients/client-schemas.js';
import { beforeWords } from '../contract/before.js';
import { operation } from '../contract/operation.js';
import { cursorParameter, limitParameter, note, pageOf, timestamp, uuid } from '../contract/wire.js';
import { sessionPage } from '../sessions/schemas.js';
import { identity } from './identity-contracts.js';
import { profileFields, username } from './profile-fields.js';

const byId = z.object({ id: uuid });
const etag = { ETag: 'The version; acts on the account may name it in If-Match.' };
const why = z.strictObject({ note: note.optional() });
const scopes = z
  .array(z.enum(adminScopeNames as [string, ...string[]], { error: 'must be scopes of the admin API' }))
  .max(20);

const account = z.object({
  id: uuid.meta({ description: 'The `sub` of its tokens.' }),
  username: z.string(),
  created_at: timestamp,
  password_changed_at: timestamp,
  must_change_password: z.boolean(),
  disabled_at: timestamp.nullable(),
  first_run: z.boolean(),
});
/** An account with everything that is known of it. */
export const detail = z.object({
  ...account.shape,
  display_name: z.string().nullable(),
  email: z.string().nullable(),
  email_verified: z.boolean(),
  groups: z.array(z.string()),
  external_id: z.string().nullable(),
  has_password: z.boolean(),
  identities: z.array(identity),
  operator_scopes: z.array(z.string()),
});

const password = z
  .string()
  .max(4_096, { error: 'is too long' })
  .meta({ format: 'password', description: 'Without one, one is made up and shown this once.' });
const madeUp = z
  .string()
  .nullable()
  .meta({ description: 'The password that was made up, shown this once; null where one was sent.' });

/** The list. */
export const list = operation({
  id: 'listAccounts',
  method: 'get',
  path: '/v1/accounts',
  tag: 'accounts',
  summary: 'Lists accounts by their usernames.',
  scope: 'accounts:read',
  query: z.strictObject({
    prefix: z.string().max(254).optional().meta({ description: 'How the username begins.' }),
    limit: limitParameter(),
    cursor: cursorParameter,
  }),
  answers: { 200: { description: 'A page of accounts.', schema: pageOf(account) } },
  problems: { 400: ['invalid_cursor'] },
});

/** One. */
export const show = operation({
  id: 'getAccount',
  method: 'get',
  path: '/v1/accounts/{id}',
  tag: 'accounts',
  summary: 'Shows an account.',
  scope: 'accounts:read',
  params: byId,
  answers: { 200: { description: 'The account.', schema: detail, headers: etag } },
  problems: { 404: ['unknown_account'] },
});

/** Create. */
export const create = operation({
  id: 'createAccount',
  method: 'post',
  path: '/v1/accounts',
  tag: 'accounts',
  summary: 'Creates an account.',
  scope: 'accounts:write',
  powerless: true,
  body: z.strictObject({
    username,
    password: password.optional(),
    must_change_password: z
      .boolean()
      .optional()
      .meta({ description: 'By default where the password was made up.' }),
    ...profileFields,
    invite: z.boolean().default(false).meta({
      description: 'Sends a link to choose the first password, to the address; no password is made up.',
    }),
  }),
  idempotent: true,
  answers: { 201: { description: 'The account.', schema: z.object({ ...detail.shape, password: madeUp }) } },
  problems: {
    400: [
      'username_invalid',
      'password_too_short',
      'password_too_long',
      'password_is_username',
      'password_too_common',
      'display_name_invalid',
      'email_invalid',
      'groups_invalid',
      'external_id_invalid',
    ],
    409: ['username_taken', 'email_taken', 'email_missing', 'password_is_set', 'mail_is_off'],
    503: ['overloaded'],
  },
});

const ending = 'Every session it has ends in the same commit.';

/** Disable. */
export const disable = operation({
  id: 'disableAccount',
  method: 'post',
  path: '/v1/accounts/{id}/disable',
  tag: 'accounts',
  summary: 'Disables an account and ends its sessions.',
  description: ending,
  scope: 'accounts:write',
  params: byId,
  ifMatch: 'optional',
  body: why,
  bodyOptional: true,
  idempotent: true,
  answers: { 200: { description: 'Disabled.', schema: endedAlong } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_account'], 409: ['last_administrator'] },
});

/** Enable. */
export const enable = operation({
  id: 'enableAccount',
  method: 'post',
  path: '/v1/accounts/{id}/enable',
  tag: 'accounts',
  summary: 'Lets a disabled account sign in again; revives none of its sessions.',
  scope: 'accounts:write',
  params: byId,
  ifMatch: 'optional',
  body: why,
  bodyOptional: true,
  answers: { 204: { description: 'Enabled.' } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_account'] },
});

/** Delete. */
export const remove = operation({
  id: 'deleteAccount',
  method: 'delete',
  path: '/v1/accounts/{id}',
  tag: 'accounts',
  summary: 'Deletes an account with its consents, and ends its sessions.',
  description: ending,
  scope: 'accounts:write',
  params: byId,
  ifMatch: 'optional',
  query: why,
  idempotent: true,
  answers: { 200: { description: 'Deleted.', schema: endedAlong } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_account'], 409: ['last_administrator'] },
});

/** Set a password. */
export const setPassword = operation({
  id: 'setPassword',
  method: 'put',
  path: '/v1/accounts/{id}/password',
  tag: 'accounts',
  summary: 'Sets a new password and, unless told otherwise, ends all sessions of the account.',
  scope: 'accounts:write',
  params: byId,
  ifMatch: 'optional',
  body: z.strictObject({
    password: password.optional(),
    must_change_password: z
      .boolean()
      .optional()
      .meta({ description: 'By default where the password was made up.' }),
    end_sessions: z.boolean().default(true),
  }),
  bodyOptional: true,
  idempotent: true,
  answers: {
    200: { description: 'Set.', schema: z.object({ password: madeUp, ended: endedAlong.nullable() }) },
  },
  problems: {
    400: ['password_too_short', 'password_too_long', 'password_is_username', 'password_too_common'],
    403: ['beyond_own_scopes'],
    404: ['unknown_account'],
    503: ['overloaded'],
  },
});

/** Require a new one. */
export const requirePassword = operation({
  id: 'requireNewPassword',
  method: 'post',
  path: '/v1/accounts/{id}/require-password',
  tag: 'accounts',
  summary: 'Has the next sign-in choose a new password.',
  scope: 'accounts:write',
  params: byId,
  ifMatch: 'optional',
  body: why,
  bodyOptional: true,
  answers: { 204: { description: 'Required.' } },
  problems: { 403: ['beyond_own_scopes'], 404: ['unknown_account'] },
});

/** Its sessions. */
export const sessions = operation({
  id: 'listAccountSessions',
  method: 'get',
  path: '/v1/accounts/{id}/sessions',
  tag: 'accounts',
  summary: 'Lists the sessions of an account, the latest first.',
  scope: 'sessions:read',
  params: byId,
  query: z.strictObject({
    state: z.enum(['live', 'ended'], { error: 'must be live or ended' }).optional(),
    limit: limitParameter(),
    cursor: cursorParameter,
  }),
  answers: { 200: { description: 'A page of sessions.', schema: sessionPage } },
  problems: { 400: ['invalid_cursor'], 404: ['unknown_account'] },
});

/** Name an operator. */
export const setOperator = operation({
  id: 'setOperator',
  method: 'put',
  path: '/v1/accounts/{id}/operator',
  tag: 'accounts',
  summary:
    'Says what a person may do in this API, beside what their client may; nobody may anything by default.',
  scope: 'accounts:write',
  params: byId,
  body: z.strictObject({
    scopes: scopes.meta({ description: 'None: no operator any more.' }),
    before: scopes.optional().meta({ description: beforeWords('The list of scopes') }),
  }),
  answers: { 200: { description: 'The account.', schema: detail } },
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_account'],
    409: ['last_administrator'],
    412: ['version_conflict'],
  },
});
