import { useQueryClient } from '@tanstack/react-query';
import { accountQuery } from '../../admin-api/names.js';
import { useSeen } from '../../elements/revision.js';
import type { PersonDetails } from './people-queries.js';

/** The members of an account that its page shows. */
const titles: Readonly<Partial<Record<keyof PersonDetails, string>>> = {
  username: 'Username',
  display_name: 'Name',
  email: 'Mail',
  email_verified: 'Mail',
  groups: 'Groups',
  identities: 'Identities of other providers',
  password_changed_at: 'Password',
  must_change_password: 'Whether a new password is required',
  disabled_at: 'Whether it is disabled',
  operator_scopes: 'Scopes of the operator',
};

/** The account without the last use of its identities: a sign-in of the person is no change of somebody else (ADR 101). */
const withoutUse = <T extends PersonDetails>({ identities, ...person }: T) => ({
  ...person,
  identities: identities.map(({ last_used_at: _, ...identity }) => identity),
});

/** The account that an act on it was asked about, and what somebody else has changed of it since. */
export function useSeenPerson(person: PersonDetails) {
  const queries = useQueryClient();
  return useSeen({
    record: withoutUse(person),
    titles,
    readAgain: async () => withoutUse(await queries.fetchQuery({ ...accountQuery(person.id), staleTime: 0 })),
  });
}
