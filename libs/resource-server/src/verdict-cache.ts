import type { Ends } from './feed/messages.js';
import type { TokenFacts } from './token-facts.js';

/** What is remembered of a token. */
export interface Remembered {
  readonly facts: TokenFacts;
  /** Milliseconds since the epoch at the authorization server; from then on it must be asked again. */
  readonly freshUntil: number;
  /** Whether the question it was learnt by counted as use. */
  readonly touched: boolean;
}

/** So many ends are remembered; a session that ended is never good again, so what is remembered denies without asking. */
const mostEnded = 100_000;

/**
 * Verdicts by the SHA-256 of their token: bounded, and emptied by the feed. Facts are remembered, never decisions: what
 * a route requires is compared anew each time, so that one route's verdict is never another's (CVE-2021-32701).
 */
export class VerdictCache {
  readonly #byToken = new Map<string, Remembered>();
  readonly #tokensOfSession = new Map<string, Set<string>>();
  readonly #ended = new Set<string>();
  /** Counts what may have ended many at once: an answer asked for before must not be kept after. */
  #generation = 0;

  constructor(private readonly most: number) {}

  /** How many tokens are remembered. */
  get size(): number {
    return this.#byToken.size;
  }

  /** Changes whenever answers that are under way may be outdated. */
  get generation(): number {
    return this.#generation;
  }

  /** What is remembered of the token with this hash, if it is fresh at `now`. */
  get(hash: string, now: number): Remembered | undefined {
    const known = this.#byToken.get(hash);
    if (!known) return undefined;
    if (now < known.freshUntil) return known;
    this.#forget(hash);
    return undefined;
  }

  /** Whether the token or its session is known to have ended. */
  hasEnded(hash: string, sessionId: string | undefined): boolean {
    return this.#ended.has(hash) || (sessionId !== undefined && this.#ended.has(sessionId));
  }

  /** Remembers; the oldest verdict makes room. */
  set(hash: string, remembered: Remembered): void {
    this.#forget(hash);
    const oldest = this.#byToken.size >= this.most ? this.#byToken.keys().next().value : undefined;
    if (oldest !== undefined) this.#forget(oldest);
    this.#byToken.set(hash, remembered);
    const { sessionId } = remembered.facts;
    if (sessionId === undefined) return;
    const tokens = this.#tokensOfSession.get(sessionId);
    if (tokens) tokens.add(hash);
    else this.#tokensOfSession.set(sessionId, new Set([hash]));
  }

  /** Takes ends from the feed. */
  end({ sessions, tokens, all }: Ends): void {
    for (const session of sessions) {
      this.#note(session);
      for (const hash of [...(this.#tokensOfSession.get(session) ?? [])]) this.#forget(hash);
    }
    for (const hash of tokens) {
      this.#note(hash);
      this.#forget(hash);
    }
    for (const { kind, target } of all) this.#endAll(kind, target);
  }

  /** Forgets every verdict; ends stay known. */
  clear(): void {
    this.#generation += 1;
    this.#byToken.clear();
    this.#tokensOfSession.clear();
  }

  #endAll(kind: 'account' | 'client' | 'everyone', target: string): void {
    if (kind === 'everyone') {
      this.clear();
      return;
    }
    this.#generation += 1;
    for (const [hash, { facts }] of this.#byToken) {
      if ((kind === 'account' ? facts.subject : facts.clientId) === target) this.#forget(hash);
    }
  }

  #note(ended: string): void {
    this.#ended.add(ended);
    const oldest = this.#ended.size > mostEnded ? this.#ended.values().next().value : undefined;
    if (oldest !== undefined) this.#ended.delete(oldest);
  }

  #forget(hash: string): void {
    const known = this.#byToken.get(hash);
    if (!known) return;
    this.#byToken.delete(hash);
    const { sessionId } = known.facts;
    const tokens = sessionId === undefined ? undefined : this.#tokensOfSession.get(sessionId);
    tokens?.delete(hash);
    if (tokens?.size === 0) this.#tokensOfSession.delete(sessionId!);
  }
}
