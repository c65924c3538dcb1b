import { createHash } from 'node:crypto';
import type { FeedFollower } from './feed/follower.js';
import type { AuthorizationServer, Question } from './http/authorization-server.js';
import { type ServerClock, steadyNow } from './server-clock.js';
import { readIntrospection, type TokenFacts } from './token-facts.js';
import type { VerdictCache } from './verdict-cache.js';

/** Bounds of what is remembered. */
export interface InquiryLimits {
  /** Milliseconds a verdict is used without asking again, at the most. */
  readonly cacheForMs: number;
  /** Tokens in one question. */
  readonly mostPerQuestion: number;
}

/** Inactive tokens stay inactive; this long nobody is asked again. */
const inactiveForMs = 2_000;
const mostInactive = 10_000;

interface Waiting extends Question {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** SHA-256 of a token, hexadecimal: what it is remembered by, and what the feed calls it. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * What is known of opaque tokens: from memory while the feed vouches for it, by asking otherwise. Questions about one
 * token are asked once however many wait for the answer, and questions of one moment go together.
 */
export class TokenInquiry {
  readonly #underWay = new Map<string, Promise<TokenFacts | null>>();
  readonly #inactive = new Map<string, number>();
  #waiting: Waiting[] = [];

  constructor(
    private readonly server: AuthorizationServer,
    private readonly clock: ServerClock,
    private readonly cache: VerdictCache,
    private readonly feed: FeedFollower | undefined,
    private readonly limits: InquiryLimits,
  ) {}

  /** The facts of an active token, or null. `passive` does not count as use. Rejects when nobody can say. */
  async about(token: string, passive: boolean): Promise<TokenFacts | null> {
    const hash = hashToken(token);
    if (this.cache.hasEnded(hash, undefined)) return null;
    const known = this.remembered(hash, passive);
    if (known) return known;
    const at = steadyNow();
    if ((this.#inactive.get(hash) ?? 0) > at) return null;
    const key = `${passive ? 'p' : 'u'}${hash}`;
    const underWay = this.#underWay.get(key);
    if (underWay) return underWay;
    const asked = this.#ask(token, hash, passive).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, asked);
    return asked;
  }

  /** What memory may answer: only while the feed is trusted, and use must have been counted within the bound. */
  remembered(hash: string, passive: boolean): TokenFacts | undefined {
    const at = steadyNow();
    if (!this.feed?.trusted(at)) return undefined;
    const known = this.cache.get(hash, this.clock.now(at));
    if (!known || (!passive && !known.touched)) return undefined;
    return this.cache.hasEnded(hash, known.facts.sessionId) ? undefined : known.facts;
  }

  async #ask(token: string, hash: string, passive: boolean): Promise<TokenFacts | null> {
    const { generation } = this.cache;
    const trustedBefore = this.feed?.trusted(steadyNow()) ?? false;
    const answer = await this.#together({ token, touch: !passive });
    const at = steadyNow();
    const now = this.clock.now(at);
    const facts = readIntrospection(answer, now);
    if (!facts) {
      this.#noteInactive(hash, at);
      return null;
    }
    // The end may have overtaken the answer.
    if (this.cache.hasEnded(hash, facts.sessionId)) return null;
    if (generation !== this.cache.generation) return this.#ask(token, hash, passive);
    if (trustedBefore && this.feed?.trusted(at) && this.limits.cacheForMs > 0) {
      const deadlines = [facts.expiresAt, facts.idleDeadline, facts.absoluteDeadline].filter(
        (deadline) => deadline !== undefined,
      );
      const freshUntil = Math.min(now + this.limits.cacheForMs, ...deadlines);
      this.cache.set(hash, { facts, freshUntil, touched: !passive });
    }
    return facts;
  }

  #noteInactive(hash: string, at: number): void {
    const oldest = this.#inactive.size >= mostInactive ? this.#inactive.keys().next().value : undefined;
    if (oldest !== undefined) this.#inactive.delete(oldest);
    this.#inactive.delete(hash);
    this.#inactive.set(hash, at + inactiveForMs);
  }

  #together(question: Question): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ ...question, resolve, reject }) === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += this.limits.mostPerQuestion) {
      const part = waiting.slice(from, from + this.limits.mostPerQuestion);
      const questions = part.map(({ token, touch }) => ({ token, touch }));
      this.server.introspect(questions).then(
        (answers) => {
          for (const [index, { resolve }] of part.entries()) resolve(answers[index]);
        },
        (error: unknown) => {
          for (const { reject } of part) reject(error);
        },
      );
    }
  }
}
