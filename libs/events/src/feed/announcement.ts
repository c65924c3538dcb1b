import type { Instant } from '@curfew/session-policy';

/** The NOTIFY channel on which every end is announced once it has committed (ADR 64). */
export const endsChannel = 'curfew_ends';

/** A mass end as followers hear of it: everything authorized at or before `at` is over. */
export interface AnnouncedMassEnd {
  readonly kind: 'account' | 'client' | 'everyone';
  /** Account id, client id or '' for everyone. */
  readonly target: string;
  readonly at: Instant;
}

/** Ends of any kind, together: ids of sessions, SHA-256 (hexadecimal) of single access tokens, mass ends. */
export interface AnnouncedEnds {
  readonly sessions: readonly string[];
  readonly tokens: readonly string[];
  readonly all: readonly AnnouncedMassEnd[];
}

/** No end at all. */
export const noEnds: AnnouncedEnds = { sessions: [], tokens: [], all: [] };

/** The messages of nodes to each other on the same channel, in the same order as ends. */
export type NodeWord =
  /** Ask your followers whether they have carried out everything that was announced before this. */
  | { readonly kind: 'confirm'; readonly id: string }
  /** A follower of another node came here by way of a load balancer; this is what it said. */
  | {
      readonly kind: 'acknowledged';
      readonly follower: string;
      readonly clientId?: string | undefined;
      readonly done: readonly string[];
      readonly left?: boolean;
    };

/** How a word is announced. */
export const writeNodeWord = (word: NodeWord): string => `node:${JSON.stringify(word)}`;

/** Reads a word; null for an end, and for what another version of the product may have sent. */
export function readNodeWord(payload: string): NodeWord | null {
  if (!payload.startsWith('node:')) return null;
  try {
    const word = JSON.parse(payload.slice(5)) as Partial<
      Record<'kind' | 'id' | 'follower' | 'clientId' | 'done' | 'left', unknown>
    >;
    if (word.kind === 'confirm' && typeof word.id === 'string') return { kind: 'confirm', id: word.id };
    if (word.kind === 'acknowledged' && typeof word.follower === 'string' && Array.isArray(word.done))
      return {
        kind: 'acknowledged',
        follower: word.follower,
        ...(typeof word.clientId === 'string' && { clientId: word.clientId }),
        done: word.done.map(String),
        ...(word.left === true && { left: true }),
      };
  } catch {
    // Answered below.
  }
  return null;
}

/** How many ends these are. */
export const countEnds = ({ sessions, tokens, all }: AnnouncedEnds): number =>
  sessions.length + tokens.length + all.length;

/** The content of one announcement; null for a message of another version of the product, which may mean anything. */
export function readAnnouncement(payload: string, now: Instant): AnnouncedEnds | null {
  // One session, or as many as a sweep ended, with a space between.
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}( [0-9a-f]{8}-[0-9a-f-]{27})*$/.test(payload))
    return { ...noEnds, sessions: payload.split(' ') };
  const [, kind, target = ''] = /^(account|client|everyone|token):(.*)$/s.exec(payload) ?? [];
  switch (kind) {
    case 'token':
      return /^[0-9a-f]{64}$/.test(target) ? { ...noEnds, tokens: [target] } : null;
    case 'account':
    case 'client':
    case 'everyone':
      // The row knows the exact instant; until it is read, everything up to now is in question.
      return { ...noEnds, all: [{ kind, target, at: now }] };
    default:
      return null;
  }
}
