import type { Profile, ProfileChange } from '@curfew/accounts';
import { z } from 'zod';
import { beforeWords } from '../contract/before.js';
import { operation } from '../contract/operation.js';
import { note, uuid } from '../contract/wire.js';
import { detail } from './account-contracts.js';
import { profileFields, username } from './profile-fields.js';

const byId = z.object({ id: uuid });
const why = z.strictObject({ note: note.optional() });

/** Rename, or change the profile. */
export const change = operation({
  id: 'changeAccount',
  method: 'patch',
  path: '/v1/accounts/{id}',
  tag: 'accounts',
  summary: 'Renames an account, or changes its name, address and groups. Its sessions go on.',
  description:
    'Members that are absent stay as they are. A new address counts as not verified unless `email_verified` says otherwise.',
  scope: 'accounts:write',
  params: byId,
  body: z.strictObject({
    username: username.optional(),
    ...profileFields,
    groups_before: profileFields.groups.meta({ description: beforeWords('The list of groups') }),
    note: note.optional(),
  }),
  answers: { 200: { description: 'The account.', schema: detail } },
  problems: {
    400: [
      'username_invalid',
      'display_name_invalid',
      'email_invalid',
      'groups_invalid',
      'external_id_invalid',
    ],
    403: ['beyond_own_scopes'],
    404: ['unknown_account'],
    409: ['username_taken', 'email_taken'],
    412: ['version_conflict'],
  },
});

/** Invite. */
export const invite = operation({
  id: 'inviteAccount',
  method: 'post',
  path: '/v1/accounts/{id}/invite',
  tag: 'accounts',
  summary: 'Sends the person of an account without password a link to choose one.',
  scope: 'accounts:write',
  params: byId,
  body: why,
  bodyOptional: true,
  answers: { 204: { description: 'The invitation is on its way.' } },
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_account'],
    409: ['email_missing', 'password_is_set', 'mail_is_off'],
  },
});

/** Confirm the address. */
export const confirmEmail = operation({
  id: 'confirmEmail',
  method: 'post',
  path: '/v1/accounts/{id}/confirm-email',
  tag: 'accounts',
  summary: 'Sends a link with which the person of an account confirms its address.',
  scope: 'accounts:write',
  params: byId,
  body: why,
  bodyOptional: true,
  answers: { 204: { description: 'The mail is on its way, unless the address is confirmed already.' } },
  problems: {
    403: ['beyond_own_scopes'],
    404: ['unknown_account'],
    409: ['email_missing', 'mail_is_off'],
  },
});

type Sent = { readonly [Name in keyof typeof profileFields]?: unknown };

/** The change of a profile in a body. */
export function profileIn(body: Sent): ProfileChange {
  const members = {
    displayName: body.display_name,
    email: body.email,
    emailVerified: body.email_verified,
    groups: body.groups,
    externalId: body.external_id,
  };
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined),
  ) as ProfileChange;
}

/** A profile as the API writes it. */
export const profileOnWire = ({ displayName, email, emailVerified, groups, externalId }: Profile) => ({
  display_name: displayName,
  email,
  email_verified: emailVerified,
  groups,
  external_id: externalId,
});
