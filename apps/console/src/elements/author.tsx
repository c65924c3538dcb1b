import { useQuery } from '@tanstack/react-query';
import { useMay } from '../admin-api/caller.js';
import { accountQuery, useClientName } from '../admin-api/names.js';
import { ClientName } from './subject-names.js';

/** Somebody who did something, as the admin API tells of them. */
interface Actor {
  readonly kind: string;
  readonly id?: string | null | undefined;
  readonly username?: string | null | undefined;
}

/** The name of somebody who did something, with the id beside it where it is a program. */
export function ActorName({ by }: { readonly by: Actor }) {
  if (by.username || !by.id) return <>{by.username ?? by.kind}</>;
  return <ClientName id={by.id} />;
}

/** The author of a revision, a kind with an id (`client:web`), with the name. */
export function Author({ of }: { readonly of: string }) {
  const at = of.indexOf(':');
  const [kind, id] = [of.slice(0, at), of.slice(at + 1)];
  const isPerson = kind === 'person';
  const mayRead = useMay('accounts:read');
  const person = useQuery({ ...accountQuery(id), enabled: isPerson && mayRead });
  const client = useClientName([kind === 'client' ? id : null])(id);
  const name = isPerson ? person.data?.username : client;
  return (
    <>
      by {of}
      {at > 0 && name && name !== id && ` (${name})`}
    </>
  );
}

/** A username. One that does not fit on a line breaks behind its @ first. */
export function Username({ name }: { readonly name: string }) {
  const at = name.indexOf('@') + 1;
  return (
    <>
      {name.slice(0, at)}
      <wbr />
      {name.slice(at)}
    </>
  );
}
