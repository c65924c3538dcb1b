import type { Ends, MassEnd } from './feed/messages.js';
import { isOf, type TokenFacts } from './token-facts.js';
import { type Remembered, VerdictTable } from './verdict-table.js';

/** No access token lives longer than 15 minutes, so older ends need not be remembered. */
const maxTokenMs = 20 * 60_000;
/** The number of mass ends that are remembered exactly; tokens from before the oldest of them are asked about. */
const maxMassEnds = 1_000;
/** Instants in JWTs are whole seconds. */
const wholeSecond = 1_000;

/** The number of ended sessions that are remembered, so that their tokens are denied without asking. */
const maxEnded = 100_000;

/**
 * Verdicts by the SHA-256 of their token: bounded, and emptied by the feed. Facts are remembered, never decisions: each request is
 * compared with its own route, so that one route's verdict is never another's (CVE-2021-32701).
 */
export class VerdictCache {
  /** For JWTs, the hash that is the key in memory by the name in the feed, and the other way round. */
  readonly #byName = new Map<string, string>();
  readonly #names = new Map<string, string>();
  #table: VerdictTable;
  /** Sessions and single tokens that ended, with the instant at which we heard, oldest first. */
  readonly #ended = new Map<string, number>();
  /** Counts what may have ended many at once: an answer asked for before must not be kept after. */
  #generation = 0;
  #massEnds: MassEnd[] = [];
  /** Ends of tokens that were issued before this instant may have been missed. */
  #completeSince = 0;

  constructor(private readonly most: number) {
    this.#table = new VerdictTable(most);
  }

  /** How many tokens are remembered. */
  get size(): number {
    return this.#table.size;
  }

  /** Changes whenever answers that are under way may be outdated. */
  get generation(): number {
    return this.#generation;
  }

  /** The facts about the token with this hash, if they are fresh at `now`. */
  get(hash: string, now: number): Omit<Remembered, 'name'> | undefined {
    const slot = this.#table.find(hash);
    if (slot === -1) return undefined;
    const known = this.#table.at(slot);
    if (now < known.freshUntil) return known;
    this.#remove(slot);
    return undefined;
  }

  /** Whether the token or its session is known to have ended. */
  hasEnded(hash: string, sessionId: string | undefined): boolean {
    return this.#ended.has(hash) || (sessionId !== undefined && this.#ended.has(sessionId));
  }

  /**
   * Whether memory alone can say that a token which proves itself has not ended: not when ends may have been missed since
   * it was issued, and not when a mass end may or may not include it.
   */
  isCertain(facts: TokenFacts): boolean {
    const { issuedAt } = facts;
    if (issuedAt < this.#completeSince) return false;
    return !this.#massEnds.some((massEnd) => isOf(facts, massEnd) && issuedAt < massEnd.at + wholeSecond);
  }

  /** Remembers; the oldest verdict makes room. */
  set(hash: string, remembered: Remembered): void {
    this.#forget(hash);
    this.#table.add(hash, remembered, (slot) => this.#forgetName(slot));
    if (remembered.name === undefined) return;
    this.#byName.set(remembered.name, hash);
    this.#names.set(hash, remembered.name);
  }

  /** Takes ends from the feed at `now`. Returns the hashes of the tokens that were remembered until then and have ended for certain. */
  end({ sessions, tokens, all }: Ends, now: number): readonly string[] {
    const gone: string[] = [];
    this.#dropOld(now);
    for (const session of sessions) {
      this.#note(session, now);
      for (const slot of this.#table.ofSession(session)) {
        gone.push(this.#table.hashAt(slot));
        this.#remove(slot);
      }
    }
    for (const name of tokens) {
      this.#note(name, now);
      const hash = this.#byName.get(name) ?? name;
      if (this.#table.find(hash) !== -1) gone.push(hash);
      this.#forget(hash);
    }
    // A mass end may or may not include a token, so its tokens are asked about.
    for (const massEnd of all) this.#endAll(massEnd, now);
    return gone;
  }

  /** Ends may have been missed before `now`. Forgets every verdict; ends that are known stay known. */
  resync(now: number): void {
    this.#completeSince = now;
    this.#clear();
  }

  #clear(): void {
    this.#generation += 1;
    this.#table = new VerdictTable(this.most);
    this.#byName.clear();
    this.#names.clear();
  }

  #endAll({ kind, target, at: endedAt }: MassEnd, now: number): void {
    // A token may have been issued between the instant of the end and its commit, by a request that knew nothing of it yet.
    const at = Math.max(endedAt, now);
    const others = this.#massEnds.filter((one) => one.kind !== kind || one.target !== target);
    this.#massEnds = [...others, { kind, target, at }];
    if (this.#massEnds.length > maxMassEnds) {
      this.#massEnds.shift();
      this.#completeSince = Math.max(this.#completeSince, at);
    }
    if (kind === 'everyone') {
      this.#clear();
      return;
    }
    this.#generation += 1;
    for (const slot of this.#table.of(kind, target)) this.#remove(slot);
  }

  #note(ended: string, now: number): void {
    if (!this.#ended.has(ended)) this.#ended.set(ended, now);
    const oldest = this.#ended.size > maxEnded ? this.#ended.entries().next().value : undefined;
    if (!oldest) return;
    this.#ended.delete(oldest[0]);
    this.#completeSince = Math.max(this.#completeSince, oldest[1]);
  }

  #dropOld(now: number): void {
    for (const [ended, heard] of this.#ended) {
      if (heard > now - maxTokenMs) return;
      this.#ended.delete(ended);
    }
  }

  #forget(hash: string): void {
    const slot = this.#table.find(hash);
    if (slot !== -1) this.#remove(slot);
  }

  #remove(slot: number): void {
    this.#forgetName(slot);
    this.#table.remove(slot);
  }

  #forgetName(slot: number): void {
    if (this.#names.size === 0) return;
    const hash = this.#table.hashAt(slot);
    const name = this.#names.get(hash);
    if (name === undefined) return;
    this.#names.delete(hash);
    this.#byName.delete(name);
  }
}
