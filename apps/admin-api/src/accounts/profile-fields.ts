import { profileBounds } from '@curfew/accounts';
import { z } from 'zod';

const { maxGroups, maxGroupLength, maxNameLength } = profileBounds;

/** A username as the API takes it. */
export const username = z.string().min(1).max(254, { error: 'must have at most 254 characters' });

const name = (max: number) =>
  z
    .string()
    .min(1)
    .max(max, { error: `must have at most ${max} characters` });

/** The members of a profile as the API takes them; null takes one away. */
export const profileFields = {
  display_name: name(maxNameLength).nullable().optional(),
  email: name(254).nullable().optional(),
  email_verified: z.boolean().optional().meta({
    description:
      'Whether mail to the address is known to reach the person. Links to new passwords go to verified addresses only.',
  }),
  groups: z
    .array(name(maxGroupLength))
    .max(maxGroups, { error: `must have at most ${maxGroups} groups` })
    .optional()
    .meta({ description: 'Told to clients as the claim `groups` of the scope `groups`.' }),
  external_id: name(maxNameLength)
    .nullable()
    .optional()
    .meta({ description: 'The id under which a provisioning client knows the account.' }),
};
