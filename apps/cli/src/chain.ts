import type { AdminClient, Json } from './admin-client.js';

/** The last link of the chain over events. */
export interface ChainHead {
  readonly seal: number;
  readonly hash: string;
}

/** The result of checking the whole chain. */
export interface CheckedChain {
  readonly events: number;
  readonly seals: number;
  readonly problems: readonly { readonly seal: number; readonly problem: string }[];
  readonly knownMatches: boolean | null;
  readonly head: ChainHead | null;
}

/** The start of a check, the head known before, and a callback for progress. */
export interface ChainQuestion {
  readonly from?: number;
  readonly known?: ChainHead | undefined;
  readonly progress?: (through: number, of: number) => void;
  /** Stop after so many parts; the whole chain unless given. */
  readonly parts?: number;
}

/** Problems that are kept; more than that say nothing new. */
const maxProblems = 1_000;

/** Has the service compare events with their seals, part by part, so that neither side ever holds more than one. */
export async function checkChain(admin: AdminClient, question: ChainQuestion): Promise<CheckedChain> {
  const { from = 1, known, progress, parts = Number.POSITIVE_INFINITY } = question;
  const problems: CheckedChain['problems'][number][] = [];
  let next: number | null = from;
  let [events, seals] = [0, 0];
  let answer: Json = {};
  let knownMatches: boolean | null = null;
  for (let part = 0; next !== null && part < parts; part += 1) {
    const asked: Record<string, string | number> =
      part === 0 && known ? { known_seal: known.seal, known_hash: known.hash } : {};
    answer = await admin.get('/v1/events/integrity', { from: next, limit: 1_000, ...asked });
    if (part === 0) knownMatches = answer.known_matches;
    events += answer.checked.events;
    seals += answer.checked.through === null ? 0 : answer.checked.through - answer.checked.from + 1;
    problems.push(...answer.problems.slice(0, maxProblems - problems.length));
    next = answer.next;
    if (next !== null) progress?.(answer.checked.through, answer.head.seal);
  }
  return { events, seals, problems, knownMatches, head: answer.head ?? null };
}
