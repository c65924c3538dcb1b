/**
 * Raised when a password cannot be hashed now: as many wait as may wait, or the process that hashes keeps ending. The
 * answer for people is 503 with Retry-After.
 */
export class HashingOverloaded extends Error {
  override readonly name = 'HashingOverloaded';

  constructor(why = 'Too many passwords wait to be verified.') {
    super(why);
  }
}

/** Runs at most `concurrency` jobs at a time, lets at most `capacity` wait in order of arrival, and refuses the rest. */
export class WorkQueue {
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  constructor(
    private readonly concurrency: number,
    private readonly capacity: number,
  ) {}

  async run<T>(job: () => Promise<T>): Promise<T> {
    await this.enter();
    try {
      return await job();
    } finally {
      this.leave();
    }
  }

  private enter(): Promise<void> {
    if (this.running < this.concurrency) {
      this.running += 1;
      return Promise.resolve();
    }
    if (this.waiting.length >= this.capacity) return Promise.reject(new HashingOverloaded());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The place is handed to the first who waits, so that nobody arriving now can overtake. */
  private leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.running -= 1;
  }
}
