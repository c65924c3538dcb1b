import { ProblemError } from '@curfew/web';

/** Streams that a process keeps open, and those of one caller among them. */
const maxStreams = 200;
const maxOfOneCaller = 10;

/** The places that event streams take while they are open. */
export class StreamPlaces {
  readonly #open = new Map<string, number>();

  /** Takes a place for a caller; the returned function gives it back. @throws ProblemError where none is left */
  take(caller: string): () => void {
    const own = this.#open.get(caller) ?? 0;
    const all = [...this.#open.values()].reduce((sum, count) => sum + count, 0);
    if (own >= maxOfOneCaller || all >= maxStreams)
      throw new ProblemError({
        status: 429,
        code: 'too_many_streams',
        detail: 'Too many streams are open already.',
        retryAfter: 5,
      });
    this.#open.set(caller, own + 1);
    return () => {
      const left = (this.#open.get(caller) ?? 1) - 1;
      if (left === 0) this.#open.delete(caller);
      else this.#open.set(caller, left);
    };
  }
}
