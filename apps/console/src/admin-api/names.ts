import { queryOptions, useQueries } from '@tanstack/react-query';
import { useCaller } from './caller.js';
import { adminApi, answerOf, bodyOf, passive } from './client.js';

/** Up to this many APIs are shown at once to choose from; more are looked for. */
const maxShownApis = 12;
/** Names that are needed within this time are asked for together. Milliseconds. */
const gatherMs = 10;

type Names = ReadonlyMap<string, string>;

interface NamesBy {
  /** One request asks for this many names at most. */
  readonly most: number;
  /** The names of the things with these ids, of those that there are. Nobody asked with their own hands, so it keeps no session awake. */
  readonly read: (ids: readonly string[]) => Promise<readonly (readonly [id: string, name: string])[]>;
}

/** Tells the name of one thing by its id, in one request for all that a page needs; its id where there is no such thing any more. */
function gathering({ most, read }: NamesBy): (id: string) => Promise<string> {
  let next: { readonly ids: Set<string>; readonly names: Promise<Names> } | undefined;
  const readAll = async (ids: readonly string[]): Promise<Names> => {
    const parts = Array.from({ length: Math.ceil(ids.length / most) }, (_, at) =>
      ids.slice(at * most, (at + 1) * most),
    );
    return new Map((await Promise.all(parts.map(read))).flat());
  };
  const gather = () => {
    const ids = new Set<string>();
    const names = new Promise((ready) => window.setTimeout(ready, gatherMs)).then(() => {
      next = undefined;
      return readAll([...ids]);
    });
    return { ids, names };
  };
  return async (id) => {
    next ??= gather();
    next.ids.add(id);
    return (await next.names).get(id) ?? id;
  };
}

const nameOfClient = gathering({
  most: 100,
  read: async (id) => {
    const query = { id: [...id], limit: id.length };
    const { items } = await bodyOf(adminApi.GET('/v1/clients', { ...passive, params: { query } }));
    return items.map(({ client_id, client_name }) => [client_id, client_name ?? client_id]);
  },
});

const nameOfApi = gathering({
  // Audiences are addresses, and so many of them fit into one.
  most: 20,
  read: async (audience) => {
    const query = { audience: [...audience], limit: audience.length };
    const { items } = await bodyOf(adminApi.GET('/v1/resources', { ...passive, params: { query } }));
    return items.map((one) => [one.audience, one.name]);
  },
});

/** An account, with the entity tag that an act on it is made from. */
export const accountQuery = (id: string) =>
  queryOptions({
    queryKey: ['account', id],
    staleTime: 60_000,
    queryFn: async () => {
      const { body, etag } = await answerOf(adminApi.GET('/v1/accounts/{id}', { params: { path: { id } } }));
      return { ...body, etag: etag ?? '' };
    },
  });

const namesIn = (found: readonly { readonly data: string | undefined }[]) => found.map(({ data }) => data);

/** Names beside ids; the id where a name is not known, or not to be read by this operator. */
function useNames(kind: 'clients' | 'resources', ids: readonly (string | null | undefined)[]) {
  // Names are nothing to be refused for: they wait until it is known that they may be read.
  const mayRead = useCaller()?.scopes.includes('clients:read') ?? false;
  const asked = [...new Set(ids)].filter((id) => typeof id === 'string' && id !== '') as string[];
  const nameOf = kind === 'clients' ? nameOfClient : nameOfApi;
  const names = useQueries({
    queries: asked.map((id) => ({
      queryKey: [kind, 'name', id],
      staleTime: 60_000,
      queryFn: () => nameOf(id),
      enabled: mayRead,
    })),
    combine: namesIn,
  });
  return (id: string): string => names[asked.indexOf(id)] ?? id;
}

/** The names of clients by their ids. */
export const useClientName = (ids: readonly (string | null | undefined)[]) => useNames('clients', ids);

/** The names of APIs by their audiences. */
export const useApiName = (audiences: readonly (string | null | undefined)[]) =>
  useNames('resources', audiences);

/** The first APIs by their audiences, for a choice among all where they are few. */
export const firstAudiencesQuery = queryOptions({
  queryKey: ['resources', 'first'],
  staleTime: 60_000,
  queryFn: async () => {
    const query = { limit: maxShownApis };
    const { items, next_cursor } = await bodyOf(
      adminApi.GET('/v1/resources', { ...passive, params: { query } }),
    );
    return { audiences: items.map(({ audience }) => audience), areAll: next_cursor === null };
  },
});
