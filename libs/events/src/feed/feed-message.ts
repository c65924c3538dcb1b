import type { Instant } from '@curfew/session-policy';
import { type AnnouncedEnds, countEnds, noEnds } from './announcement.js';

/** The maximum number of ends in one message. */
const maxPerMessage = 1_000;

/** The messages to one follower, in their order. Every message is harmless when it comes twice: an end stays an end. */
export type FeedMessage =
  /** The name of the follower in its acknowledgements, and that of the node they should reach. */
  | { readonly kind: 'hello'; readonly id: string; readonly node: string }
  | { readonly kind: 'ends'; readonly ends: AnnouncedEnds }
  /** Everything that ended before `at` has been told; `position` is where to go on after an interruption. */
  | { readonly kind: 'beat'; readonly at: Instant; readonly position: string }
  /** Ends may have been missed: forget everything that was learnt before. */
  | { readonly kind: 'resync' }
  /** A session that is none will end: know it, and say when it is denied. */
  | { readonly kind: 'probe'; readonly id: string }
  /** Say when everything told before this has been carried out. */
  | { readonly kind: 'confirm'; readonly id: string }
  /** The last message of a node that stops: everything before `position` has been told, so follow another node from there on. */
  | { readonly kind: 'elsewhere'; readonly position: string };

/** The messages that tell of these ends; none where there are none. */
export function messagesOf(ends: AnnouncedEnds): FeedMessage[] {
  if (countEnds(ends) === 0) return [];
  const { sessions, tokens, all } = ends;
  const messages: FeedMessage[] = [];
  for (let from = 0; from < Math.max(sessions.length, tokens.length, 1); from += maxPerMessage) {
    const part = {
      ...noEnds,
      sessions: sessions.slice(from, from + maxPerMessage),
      tokens: tokens.slice(from, from + maxPerMessage),
      all: from === 0 ? all : [],
    };
    messages.push({ kind: 'ends', ends: part });
  }
  return messages;
}
