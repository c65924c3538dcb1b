import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import argon2 from 'argon2';
import { type Hashing, type HashingCost, hashingHere } from './hashing/index.js';
import { WorkQueue } from './work-queue.js';

/** Cost of one hash, and how much of the machine hashing may take. */
export interface HashingOptions extends HashingCost {
  /** How many hashes run at a time; the memory in use is this times `memoryCost`. */
  readonly concurrency: number;
  /** How many may wait for their turn; the next is refused with HashingOverloaded. */
  readonly queue: number;
}

// Here argon2 runs on libuv's thread pool, as do signatures, DNS and files: half of it stays free for them.
const libuvThreads = 4;

/** OWASP Password Storage Cheat Sheet: argon2id with 19 MiB, two passes, one lane. */
export const defaultHashing = (threadPoolSize: number = libuvThreads): HashingOptions => ({
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
  concurrency: Math.max(1, Math.min(availableParallelism(), Math.floor(threadPoolSize / 2))),
  queue: 100,
});

/** Stands in place of a hash where an account has no password. No password belongs to it. */
export const noPassword = '!';

/**
 * Hashes and verifies passwords with argon2id, off the event loop, never more at a time than the machine can bear; on the
 * threads of this process unless it is told of a better place.
 */
export class PasswordHasher {
  private readonly options: HashingOptions;
  private readonly cost: HashingCost;
  private readonly queue: WorkQueue;
  /** Has today's parameters and belongs to no password: salt and hash are random. */
  private readonly decoy: string;
  /** Hashes computed so far, for tests and metrics. */
  computed = 0;

  constructor(
    options: Partial<HashingOptions> = {},
    private readonly hashing: Hashing = hashingHere,
  ) {
    this.options = { ...defaultHashing(), ...options };
    this.queue = new WorkQueue(this.options.concurrency, this.options.queue);
    const { memoryCost, timeCost, parallelism } = this.options;
    this.cost = { memoryCost, timeCost, parallelism };
    const random = (length: number) => randomBytes(length).toString('base64').replace(/=+$/, '');
    this.decoy = `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${random(16)}$${random(32)}`;
  }

  /** How many can be hashed or wait at a time. */
  get capacity(): number {
    return this.options.concurrency + this.options.queue;
  }

  /** The hash in PHC form; throws HashingOverloaded. The length of the password is the caller's to check before. */
  async hash(password: string): Promise<string> {
    return this.queue.run(() => {
      this.computed += 1;
      return this.hashing.hash(password, this.cost);
    });
  }

  /** Whether `password` belongs to `hash`; throws HashingOverloaded. */
  async verify(hash: string, password: string): Promise<boolean> {
    if (hash === noPassword) return this.verifyNothing(password);
    return this.queue.run(() => {
      this.computed += 1;
      return this.hashing.verify(hash, password);
    });
  }

  /** Spends the time of a verification where there is no account, so that its absence does not show; always false. */
  async verifyNothing(password: string): Promise<false> {
    await this.verify(this.decoy, password);
    return false;
  }

  /** Whether `hash` was made with other parameters than today's. */
  isOutdated(hash: string): boolean {
    if (!hash.startsWith('$argon2id$')) return true;
    return argon2.needsRehash(hash, this.cost);
  }
}
