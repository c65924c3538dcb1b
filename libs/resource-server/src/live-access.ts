import type { Ends } from './feed/messages.js';
import { isOf, type TokenFacts } from './token-facts.js';

/** A connection that goes on for as long as the access it was opened with. */
export interface LiveAccess {
  /** The name of its token in the feed when that token alone is revoked. */
  readonly name: string;
  readonly facts: TokenFacts;
  /** Called once, when the access is over or nobody can say any more that it is not. */
  readonly onOver: () => void;
}

/**
 * A connection of a person lasts for as long as their session may. One of a client that acts by itself, or for a person (RFC 8693), lasts for
 * no longer than its token.
 */
function timeIsOverAt({ sessionId, actors, expiresAt, absoluteDeadline = expiresAt }: TokenFacts): number {
  const isOfPerson = sessionId !== undefined && actors.length === 0;
  return isOfPerson ? absoluteDeadline : Math.min(expiresAt, absoluteDeadline);
}

/**
 * Connections that outlive their request: WebSockets, event streams, long downloads. They end with their session, and
 * with the trust in the feed: without it nobody would tell them.
 */
export class LiveAccesses {
  readonly #all = new Set<LiveAccess>();
  readonly #bySession = new Map<string, Set<LiveAccess>>();

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /** Adds one; the returned function takes it out when its connection has closed by itself. */
  add(access: LiveAccess): () => void {
    this.#all.add(access);
    const { sessionId } = access.facts;
    if (sessionId !== undefined) {
      const others = this.#bySession.get(sessionId);
      if (others) others.add(access);
      else this.#bySession.set(sessionId, new Set([access]));
    }
    return () => this.#remove(access);
  }

  /** Takes ends from the feed. */
  end({ sessions, tokens, all }: Ends): void {
    for (const session of sessions) this.#over([...(this.#bySession.get(session) ?? [])]);
    if (tokens.length > 0) {
      const names = new Set(tokens);
      this.#over([...this.#all].filter(({ name }) => names.has(name)));
    }
    for (const massEnd of all) {
      const concerned = ({ facts }: LiveAccess) =>
        // Sessions that began after the end go on; a connection that was opened before it does not.
        facts.issuedAt <= massEnd.at && isOf(facts, massEnd);
      this.#over([...this.#all].filter(concerned));
    }
  }

  /** Ends those whose time is over, though nobody ended them. */
  endPast(now: number): void {
    this.#over([...this.#all].filter(({ facts }) => now >= timeIsOverAt(facts)));
  }

  /** Ends all: nobody can say any more that they may go on. */
  endAll(): void {
    this.#over([...this.#all]);
  }

  #over(accesses: readonly LiveAccess[]): void {
    for (const access of accesses) {
      this.#remove(access);
      access.onOver();
    }
  }

  #remove(access: LiveAccess): void {
    this.#all.delete(access);
    const { sessionId } = access.facts;
    const others = sessionId === undefined ? undefined : this.#bySession.get(sessionId);
    others?.delete(access);
    if (others?.size === 0) this.#bySession.delete(sessionId!);
  }
}
