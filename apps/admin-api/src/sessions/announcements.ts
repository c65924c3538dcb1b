import { Injectable } from '@nestjs/common';

/** A result, and the milliseconds after which its announcement arrived here; null if it did not. */
export interface Announced<T> {
  readonly result: T;
  readonly afterMs: number | null;
}

/** So long an answer waits for the announcement of what is durable already. Milliseconds. */
const patience = 250;

/** Hears announcements of ends, so that an answer can say that its own got out. */
@Injectable()
export class Announcements {
  readonly #waiting = new Map<string, Set<() => void>>();

  /** Announcements that somebody waits for. */
  get size(): number {
    return this.#waiting.size;
  }

  /** To be called for every announcement heard. */
  heard(payload: string): void {
    // Sessions are announced together, with a space between their ids.
    const names = payload.includes(':') ? [payload] : payload.split(' ');
    for (const name of names) for (const hear of this.#waiting.get(name) ?? []) hear();
  }

  /** Does `work`, which announces `payload` (alone, or among others) if `announces` says so of its result, and waits a moment to hear that. */
  async during<T>(
    payload: string,
    work: () => Promise<T>,
    announces: (result: T) => boolean,
  ): Promise<Announced<T>> {
    const begun = performance.now();
    let afterMs: number | null = null;
    let wake = (): void => {};
    const hear = (): void => {
      afterMs ??= Math.ceil(performance.now() - begun);
      wake();
    };
    const others = this.#waiting.get(payload) ?? new Set();
    this.#waiting.set(payload, others.add(hear));
    try {
      const result = await work();
      if (afterMs === null && announces(result))
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, patience).unref();
        });
      return { result, afterMs };
    } finally {
      others.delete(hear);
      if (others.size === 0 && this.#waiting.get(payload) === others) this.#waiting.delete(payload);
    }
  }
}
