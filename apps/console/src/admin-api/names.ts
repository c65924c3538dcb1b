import { queryOptions, useQueries } from '@tanstack/react-query';
import { useMay } from './caller.js';
import { adminApi, answerOf, bodyOf, passive } from './client.js';

/** One request asks for this many names at most. */
const maxNames = 100;
/** Up to this many APIs are shown at once to choose from; more are looked for. */
const maxShownApis = 12;
/** Names that are needed within this time are asked for together. Milliseconds. */
const gatherMs = 10;

type Names = ReadonlyMap<string, string>;

let gathering: { readonly ids: Set<string>; readonly names: Promise<Names> } | undefined;

/** The names of some clients, in one request for all that a page needs. Nobody asked with their own hands, so it keeps no session awake. */
async function readNames(ids: readonly string[]): Promise<Names> {
  const parts = Array.from({ length: Math.ceil(ids.length / maxNames) }, (_, at) =>
    ids.slice(at * maxNames, (at + 1) * maxNames),
  );
  const pages = await Promise.all(
    parts.map((id) =>
      bodyOf(adminApi.GET('/v1/clients', { ...passive, params: { query: { id, limit: id.length } } })),
    ),
  );
  return new Map(
    pages.flatMap(({ items }) => items.map((one) => [one.client_id, one.client_name ?? one.client_id])),
  );
}

function gather() {
  const ids = new Set<string>();
  const names = new Promise((ready) => window.setTimeout(ready, gatherMs)).then(() => {
    gathering = undefined;
    return readNames([...ids]);
  });
  return { ids, names };
}

/** The name of a client; its id where there is no such client any more. */
const clientNameQuery = (id: string) =>
  queryOptions({
    queryKey: ['clients', 'name', id],
    staleTime: 60_000,
    queryFn: async () => {
      gathering ??= gather();
      gathering.ids.add(id);
      return (await gathering.names).get(id) ?? id;
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

/** The names of clients beside their ids; the id where a name is not known, or not to be read by this operator. */
export function useClientName(ids: readonly (string | null | undefined)[]): (id: string) => string {
  const mayRead = useMay('clients:read');
  const asked = [...new Set(ids)].filter((id) => typeof id === 'string' && id !== '') as string[];
  const names = useQueries({
    queries: asked.map((id) => ({ ...clientNameQuery(id), enabled: mayRead })),
    combine: namesIn,
  });
  return (id) => names[asked.indexOf(id)] ?? id;
}

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
