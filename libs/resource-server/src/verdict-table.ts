import { createHash } from 'node:crypto';
import { Shapes } from './shapes.js';
import type { TokenFacts } from './token-facts.js';

/** A token's entry in memory. */
export interface Remembered {
  readonly facts: TokenFacts;
  /** Milliseconds since the epoch at the authorization server; from then on it must be asked again. */
  readonly freshUntil: number;
  /** Whether the question it was learnt by counted as use. */
  readonly touched: boolean;
  /** The name of this token in the feed when it alone is revoked, if that differs from its hash. */
  readonly name: string | undefined;
}

const none = -1;
const hashBytes = 32;
const idBytes = 16;
const firstCapacity = 1_024;

/** The instants of facts, in this order and in whole seconds; rounded down, so that nothing is thought to last longer or to be younger. */
const instants = [
  'issuedAt',
  'expiresAt',
  'authenticatedAt',
  'idleDeadline',
  'absoluteDeadline',
  'sessionStartedAt',
  'lastActiveAt',
  'idleWarningAt',
] as const;

/** Facts without a column of their own; few tokens have any. */
interface Odd {
  readonly actors?: readonly string[];
  readonly sessionClientId?: string | undefined;
  readonly subject?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly keyThumbprint?: string | undefined;
  readonly certificateThumbprint?: string | undefined;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const nothing = Buffer.alloc(idBytes);

/** An id as sixteen bytes: a UUID is itself, anything else its hash. */
const asBytes = (id: string): Buffer =>
  uuid.test(id)
    ? Buffer.from(id.replaceAll('-', ''), 'hex')
    : createHash('sha256').update(id).digest().subarray(0, idBytes);

function asUuid(bytes: Buffer): string {
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/**
 * Verdicts in columns: about 140 bytes each, where an object with its strings takes ten times as much, and nothing for
 * the garbage collector to walk through. Two hash tables with chaining lead to them, by token and by session; a list
 * keeps the order in which they came, and the oldest makes room.
 */
export class VerdictTable {
  readonly #shapes = new Shapes();
  readonly #odd = new Map<number, Odd>();
  #capacity = 0;
  #size = 0;
  #free = none;
  #oldest = none;
  #newest = none;
  #hashes = Buffer.alloc(0);
  /** Session id and subject. */
  #ids = Buffer.alloc(0);
  #seconds = new Uint32Array(0);
  #freshUntil = new Float64Array(0);
  #touched = new Uint8Array(0);
  #shape = new Int32Array(0);
  #nextByHash = new Int32Array(0);
  #nextBySession = new Int32Array(0);
  #older = new Int32Array(0);
  #newer = new Int32Array(0);
  #byHash = new Int32Array(0);
  #bySession = new Int32Array(0);

  constructor(private readonly most: number) {
    this.#grow(Math.min(firstCapacity, most));
  }

  /** How many verdicts there are. */
  get size(): number {
    return this.#size;
  }

  /** The place of the verdict of the token with this hash (hexadecimal), or -1. */
  find(hash: string): number {
    const wanted = Buffer.from(hash, 'hex');
    let slot = this.#byHash[bucketOf(wanted, 0, this.#byHash.length)]!;
    while (slot !== none && wanted.compare(this.#hashes, slot * hashBytes, (slot + 1) * hashBytes) !== 0)
      slot = this.#nextByHash[slot]!;
    return slot;
  }

  /** The verdict at a place. */
  at(slot: number): Omit<Remembered, 'name'> {
    return {
      facts: this.#facts(slot),
      freshUntil: this.#freshUntil[slot]!,
      touched: this.#touched[slot] === 1,
    };
  }

  /** The hash of the token at a place. */
  hashAt(slot: number): string {
    return this.#hashes.toString('hex', slot * hashBytes, (slot + 1) * hashBytes);
  }

  /** Adds a verdict for a hash that has none; the place of one that made room is handed to `onGone` first. */
  add(hash: string, { facts, freshUntil, touched }: Remembered, onGone: (slot: number) => void): void {
    if (this.#size === this.most) {
      onGone(this.#oldest);
      this.remove(this.#oldest);
    }
    if (this.#free === none) this.#grow(Math.min(this.#capacity * 2, this.most));
    const slot = this.#free;
    this.#free = this.#newer[slot]!;
    this.#hashes.write(hash, slot * hashBytes, 'hex');
    (facts.sessionId === undefined ? nothing : asBytes(facts.sessionId)).copy(this.#ids, slot * 2 * idBytes);
    (facts.subject === undefined ? nothing : asBytes(facts.subject)).copy(
      this.#ids,
      (slot * 2 + 1) * idBytes,
    );
    for (const [index, name] of instants.entries())
      this.#seconds[slot * instants.length + index] = Math.floor((facts[name] ?? 0) / 1000);
    this.#freshUntil[slot] = freshUntil;
    this.#touched[slot] = touched ? 1 : 0;
    this.#shape[slot] = this.#shapes.take(facts);
    const odd = oddOf(facts);
    if (odd) this.#odd.set(slot, odd);
    this.#link(slot);
    this.#older[slot] = this.#newest;
    this.#newer[slot] = none;
    if (this.#newest === none) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
    this.#size += 1;
  }

  /** Takes a verdict out. */
  remove(slot: number): void {
    this.#unlink(
      this.#byHash,
      this.#nextByHash,
      bucketOf(this.#hashes, slot * hashBytes, this.#byHash.length),
      slot,
    );
    if (this.#hasSession(slot)) {
      const bucket = bucketOf(this.#ids, slot * 2 * idBytes, this.#bySession.length);
      this.#unlink(this.#bySession, this.#nextBySession, bucket, slot);
    }
    const [older, newer] = [this.#older[slot]!, this.#newer[slot]!];
    if (older === none) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === none) this.#newest = older;
    else this.#older[newer] = older;
    this.#shapes.drop(this.#shape[slot]!);
    this.#odd.delete(slot);
    this.#newer[slot] = this.#free;
    this.#free = slot;
    this.#size -= 1;
  }

  /** The places of a session's tokens. */
  ofSession(sessionId: string): number[] {
    const wanted = asBytes(sessionId);
    const found: number[] = [];
    let slot = this.#bySession[bucketOf(wanted, 0, this.#bySession.length)]!;
    for (; slot !== none; slot = this.#nextBySession[slot]!)
      if (wanted.compare(this.#ids, slot * 2 * idBytes, (slot * 2 + 1) * idBytes) === 0) found.push(slot);
    return found;
  }

  /** The places of an account's or a client's tokens. */
  of(kind: 'account' | 'client', target: string): number[] {
    const wanted = asBytes(target);
    const found: number[] = [];
    for (let slot = this.#oldest; slot !== none; slot = this.#newer[slot]!) {
      const from = (slot * 2 + 1) * idBytes;
      const matches =
        kind === 'client'
          ? this.#isOfClient(slot, target)
          : wanted.compare(this.#ids, from, from + idBytes) === 0;
      if (matches) found.push(slot);
    }
    return found;
  }

  #isOfClient(slot: number, target: string): boolean {
    if (this.#shapes.at(this.#shape[slot]!).clientId === target) return true;
    const odd = this.#odd.get(slot);
    return odd?.sessionClientId === target || (odd?.actors?.includes(target) ?? false);
  }

  #facts(slot: number): TokenFacts {
    const odd = this.#odd.get(slot);
    const from = slot * 2 * idBytes;
    const id = (at: number) => {
      const bytes = this.#ids.subarray(at, at + idBytes);
      return bytes.equals(nothing) ? undefined : asUuid(bytes);
    };
    const time = (index: number) => {
      const seconds = this.#seconds[slot * instants.length + index]!;
      return seconds === 0 ? undefined : seconds * 1000;
    };
    return {
      issuedAt: time(0) ?? 0,
      expiresAt: time(1) ?? 0,
      authenticatedAt: time(2),
      idleDeadline: time(3),
      absoluteDeadline: time(4),
      sessionStartedAt: time(5),
      lastActiveAt: time(6),
      idleWarningAt: time(7),
      sessionId: odd?.sessionId ?? id(from),
      subject: odd?.subject ?? id(from + idBytes),
      actors: odd?.actors ?? [],
      sessionClientId: odd?.sessionClientId,
      keyThumbprint: odd?.keyThumbprint,
      certificateThumbprint: odd?.certificateThumbprint,
      ...this.#shapes.at(this.#shape[slot]!),
    };
  }

  #hasSession(slot: number): boolean {
    return nothing.compare(this.#ids, slot * 2 * idBytes, (slot * 2 + 1) * idBytes) !== 0;
  }

  #link(slot: number): void {
    const byHash = bucketOf(this.#hashes, slot * hashBytes, this.#byHash.length);
    this.#nextByHash[slot] = this.#byHash[byHash]!;
    this.#byHash[byHash] = slot;
    if (!this.#hasSession(slot)) return;
    const bySession = bucketOf(this.#ids, slot * 2 * idBytes, this.#bySession.length);
    this.#nextBySession[slot] = this.#bySession[bySession]!;
    this.#bySession[bySession] = slot;
  }

  #unlink(heads: Int32Array, next: Int32Array, bucket: number, slot: number): void {
    if (heads[bucket] === slot) {
      heads[bucket] = next[slot]!;
      return;
    }
    let before = heads[bucket]!;
    while (next[before] !== slot) before = next[before]!;
    next[before] = next[slot]!;
  }

  #grow(capacity: number): void {
    const grown = <T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(fresh: T, old: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.#hashes = grown(Buffer.alloc(capacity * hashBytes), this.#hashes);
    this.#ids = grown(Buffer.alloc(capacity * 2 * idBytes), this.#ids);
    this.#seconds = grown(new Uint32Array(capacity * instants.length), this.#seconds);
    this.#freshUntil = grown(new Float64Array(capacity), this.#freshUntil);
    this.#touched = grown(new Uint8Array(capacity), this.#touched);
    this.#shape = grown(new Int32Array(capacity), this.#shape);
    this.#nextByHash = grown(new Int32Array(capacity), this.#nextByHash);
    this.#nextBySession = grown(new Int32Array(capacity), this.#nextBySession);
    this.#older = grown(new Int32Array(capacity), this.#older);
    this.#newer = grown(new Int32Array(capacity), this.#newer);
    for (let slot = capacity - 1; slot >= this.#capacity; slot--) {
      this.#newer[slot] = this.#free;
      this.#free = slot;
    }
    this.#capacity = capacity;
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(capacity, 2)));
    this.#byHash = new Int32Array(buckets).fill(none);
    this.#bySession = new Int32Array(buckets).fill(none);
    for (let slot = this.#oldest; slot !== none; slot = this.#newer[slot]!) this.#link(slot);
  }
}

/** Which of `buckets` (a power of two) some random bytes fall into. The last bytes of a UUIDv7 are its random ones. */
const bucketOf = (bytes: Buffer, from: number, buckets: number): number =>
  (bytes.readUInt32LE(from + 12) & (buckets - 1)) >>> 0;

function oddOf(facts: TokenFacts): Odd | undefined {
  const { subject, sessionId, actors, sessionClientId, keyThumbprint, certificateThumbprint } = facts;
  const odd = {
    ...(subject === undefined || uuid.test(subject) ? {} : { subject }),
    ...(sessionId === undefined || uuid.test(sessionId) ? {} : { sessionId }),
    ...(actors.length === 0 ? {} : { actors, sessionClientId }),
    ...(keyThumbprint === undefined ? {} : { keyThumbprint }),
    ...(certificateThumbprint === undefined ? {} : { certificateThumbprint }),
  };
  return Object.keys(odd).length === 0 ? undefined : odd;
}
