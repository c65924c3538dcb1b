import { createHash } from 'node:crypto';
import type { FeedFollower } from './feed/follower.js';
import type { AuthorizationServer, Question } from './http/authorization-server.js';
import { looksLikeJws, readJws } from './jws.js';
import type { JwtAccessTokens } from './jwt/jwt-access-tokens.js';
import { type ServerClock, steadyNow } from './server-clock.js';
import { allowedCacheMs, readIntrospection, type TokenFacts } from './token-facts.js';
import type { VerdictCache } from './verdict-cache.js';

/** Bounds of what is remembered. */
export interface InquiryLimits {
  /** Milliseconds a verdict is used without asking again, at the most. */
  readonly cacheForMs: number;
  /** Tokens in one question. */
  readonly maxPerQuestion: number;
}

/** Inactive tokens stay inactive; this long nobody is asked again. */
const inactiveForMs = 2_000;
const maxInactive = 10_000;

/** An introspection that is gathering questions; it is sent later than every caller's question, so no result is older than that. */
interface UnderWay {
  readonly answer: Promise<Answered>;
  isSent: boolean;
}

/** The result of an introspection, and whether it may also serve questions that came after it was sent. */
interface Answered {
  readonly facts: TokenFacts | null;
  readonly mayBeKept: boolean;
}

interface Waiting extends Question {
  readonly onSent: () => void;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
}

interface Asked {
  readonly token: string;
  readonly hash: string;
  readonly passive: boolean;
  readonly onSent: () => void;
}

const nothing: Answered = { facts: null, mayBeKept: true };

/** Mass ends that come while a question is under way make it be asked again, but not for ever. */
const maxAttempts = 3;

/** A JWT that the authorization server has called active is revoked by its `jti`; every other token by its own hash. */
export function revocationName(token: string): string | undefined {
  const id = readJws(token)?.payload['jti'];
  return typeof id === 'string' ? hashToken(id) : undefined;
}

/** Options of an inquiry; see `TokenInquiry.about`. */
export interface Inquiry {
  readonly passive?: boolean | undefined;
  readonly ofSession?: boolean | undefined;
}

/** The dependencies of token inquiries; without `jwts`, JWTs are introspected like opaque tokens. */
export interface InquiryParts {
  readonly server: AuthorizationServer;
  readonly clock: ServerClock;
  readonly cache: VerdictCache;
  readonly feed: FeedFollower;
  readonly jwts: JwtAccessTokens | undefined;
  readonly limits: InquiryLimits;
}

/** The SHA-256 of a token in hexadecimal, which is its key in memory and its name in the feed. */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

/**
 * Facts about tokens, from memory while the feed is trusted and by introspection otherwise. Concurrent questions about one token are
 * asked once, and questions of one moment go in one request.
 */
export class TokenInquiry {
  readonly #underWay = new Map<string, UnderWay>();
  readonly #inactive = new Map<string, number>();
  #waiting: Waiting[] = [];

  constructor(private readonly parts: InquiryParts) {}

  /**
   * The facts of an active token, or null. `passive` does not count as use; `ofSession` needs facts that only the session's row has, so
   * a JWT is introspected. Rejects when the authorization server cannot be asked.
   */
  async about(token: string, { passive = false, ofSession = false }: Inquiry): Promise<TokenFacts | null> {
    const hash = hashToken(token);
    if (this.parts.cache.hasEnded(hash, undefined)) return null;
    const known = this.remembered(hash, passive);
    if (known) return known;
    const at = steadyNow();
    if ((this.#inactive.get(hash) ?? 0) > at) return null;
    const own = ofSession ? 'ask' : await this.#byItself(token);
    if (own !== 'ask') return own;
    return this.#askOnce(token, hash, passive);
  }

  /** Takes tokens that are known to have ended: for a while nobody is asked about them. */
  noteEnded(hashes: readonly string[]): void {
    const at = steadyNow();
    for (const hash of hashes) this.#noteInactive(hash, at);
  }

  /** Waits for a question that is under way. One sent before is good enough only where its answer may be kept at all. */
  async #askOnce(token: string, hash: string, passive: boolean): Promise<TokenFacts | null> {
    const key = `${passive ? 'p' : 'u'}${hash}`;
    for (;;) {
      let underWay = this.#underWay.get(key);
      if (!underWay) {
        const begun: UnderWay = { isSent: false, answer: this.#begin(key, token, hash, passive) };
        underWay = begun;
        this.#underWay.set(key, begun);
      }
      const isInTime = !underWay.isSent;
      const { facts, mayBeKept } = await underWay.answer;
      if (isInTime || mayBeKept || facts === null) return facts;
    }
  }

  #begin(key: string, token: string, hash: string, passive: boolean): Promise<Answered> {
    const onSent = () => {
      const underWay = this.#underWay.get(key);
      if (underWay) underWay.isSent = true;
    };
    return this.#ask({ token, hash, passive, onSent }).finally(() => this.#underWay.delete(key));
  }

  /** The facts in a JWT, as long as memory can tell that neither it nor its session has ended. */
  async #byItself(token: string): Promise<TokenFacts | null | 'ask'> {
    const { jwts, cache, feed } = this.parts;
    if (!jwts || !looksLikeJws(token)) return 'ask';
    const read = await jwts.read(token);
    if (!read || cache.hasEnded(hashToken(read.id), read.facts.sessionId)) return null;
    // The feed does not tell that a client lost its right to act for people.
    if (read.facts.actors.length > 0) return 'ask';
    return feed.trusted(steadyNow()) && cache.isCertain(read.facts) ? read.facts : 'ask';
  }

  /** The remembered facts, only while the feed is trusted and the use was counted recently enough. */
  remembered(hash: string, passive: boolean): TokenFacts | undefined {
    const at = steadyNow();
    if (!this.parts.feed.trusted(at)) return undefined;
    const known = this.parts.cache.get(hash, this.parts.clock.now(at));
    if (!known || (!passive && !known.touched)) return undefined;
    return this.parts.cache.hasEnded(hash, known.facts.sessionId) ? undefined : known.facts;
  }

  async #ask(asked: Asked, attempt = 1): Promise<Answered> {
    const { token, hash, passive, onSent } = asked;
    const { cache, clock, feed, limits } = this.parts;
    const { generation } = cache;
    const trustedBefore = feed.trusted(steadyNow());
    const answer = await this.#together({ token, touch: !passive, onSent });
    const at = steadyNow();
    const now = clock.now(at);
    const facts = readIntrospection(answer, now);
    if (!facts) {
      this.#noteInactive(hash, at);
      return nothing;
    }
    // The end may have overtaken the answer.
    const name = revocationName(token);
    if (cache.hasEnded(name ?? hash, facts.sessionId)) return nothing;
    const mayBeOutdated = generation !== cache.generation;
    if (mayBeOutdated && attempt < maxAttempts) return this.#ask(asked, attempt + 1);
    const cacheForMs = Math.min(limits.cacheForMs, allowedCacheMs(answer));
    const mayBeKept = cacheForMs > 0;
    if (!mayBeOutdated && trustedBefore && feed.trusted(at) && mayBeKept) {
      const deadlines = [facts.expiresAt, facts.idleDeadline, facts.absoluteDeadline];
      const known = deadlines.filter((deadline) => deadline !== undefined);
      const freshUntil = Math.min(now + cacheForMs, ...known);
      const kept = passive ? facts : { ...facts, lastActiveAt: now };
      cache.set(hash, { facts: kept, freshUntil, touched: !passive, name });
    }
    return { facts, mayBeKept };
  }

  #noteInactive(hash: string, at: number): void {
    this.#inactive.delete(hash);
    if (this.#inactive.size >= maxInactive) this.#inactive.delete(this.#inactive.keys().next().value!);
    this.#inactive.set(hash, at + inactiveForMs);
  }

  #together(question: Question & Pick<Waiting, 'onSent'>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.push({ resolve, reject, ...question }) === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += this.parts.limits.maxPerQuestion) {
      const part = waiting.slice(from, from + this.parts.limits.maxPerQuestion);
      for (const { onSent } of part) onSent();
      const questions = part.map(({ token, touch }) => ({ token, touch }));
      this.parts.server.introspect(questions).then(
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
