import { infiniteQueryOptions } from '@tanstack/react-query';
import { adminApi, bodyOf, passive } from '../../admin-api/client.js';
import type { operations } from '../../generated/admin-api.js';
import type { EventSearch } from './event-search.js';

/** An event as the history tells it. */
export type PastEvent =
  operations['listEvents']['responses'][200]['content']['application/json']['items'][number];

/** The result of a look at a part of the chain. */
type Checked = operations['checkEventIntegrity']['responses'][200]['content']['application/json'];

/** The events of a search, page by page, the latest first. */
export const eventsQuery = (search: EventSearch) =>
  infiniteQueryOptions({
    queryKey: ['events', search],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      bodyOf(
        adminApi.GET('/v1/events', {
          params: { query: { ...search, limit: 100, ...(pageParam ? { cursor: pageParam } : {}) } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

/** The number of events that a file has at most. */
export const maxExported = 100_000;

/** The events of a search as JSON lines. */
export const exportOf = (search: EventSearch): Promise<Blob> =>
  bodyOf(
    adminApi.GET('/v1/events/export', {
      params: { query: { ...search, limit: maxExported } },
      parseAs: 'blob',
    }),
  );

/** The findings of a check of the whole chain so far. */
export interface ChainProgress {
  readonly events: number;
  readonly through: number;
  readonly head: Checked['head'];
  readonly problems: Checked['problems'];
  readonly knownMatches: boolean | null;
  readonly isDone: boolean;
}

const nothingYet: ChainProgress = {
  events: 0,
  through: 0,
  head: null,
  problems: [],
  knownMatches: null,
  isDone: false,
};

/** A head of the chain that was kept elsewhere. */
export interface KnownHead {
  readonly known_seal: number;
  readonly known_hash: string;
}

/** Compares every event with its seal, part by part, and tells after each part how far it came. */
export async function* checkChain(known: KnownHead | undefined): AsyncGenerator<ChainProgress> {
  let progress = nothingYet;
  for (let next: number | null = 1; next !== null; ) {
    const isFirst = next === 1;
    const query = { from: next, limit: 1_000, ...(isFirst ? known : undefined) };
    const part: Checked = await bodyOf(
      adminApi.GET('/v1/events/integrity', { params: { query }, ...(isFirst ? {} : passive) }),
    );
    next = part.next;
    progress = {
      events: progress.events + part.checked.events,
      through: part.checked.through ?? progress.through,
      head: part.head,
      problems: [...progress.problems, ...part.problems].slice(0, 100),
      knownMatches: isFirst ? part.known_matches : progress.knownMatches,
      isDone: next === null,
    };
    yield progress;
  }
}
