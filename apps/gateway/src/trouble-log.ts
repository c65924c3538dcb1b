import type { Logger } from 'pino';

/** Milliseconds between two lines about the same thing. */
const quietForMs = 5_000;

/** Says what goes wrong without a line for every request that suffers from it. */
export class TroubleLog {
  readonly #said = new Map<string, { at: number; since: number }>();

  constructor(private readonly log: Logger) {}

  /** `subject` is one of few: what goes wrong, and where. */
  note(subject: string, err: unknown): void {
    const now = performance.now();
    const said = this.#said.get(subject);
    if (said && now - said.at < quietForMs) {
      said.since += 1;
      return;
    }
    const notSaid = said?.since ?? 0;
    this.#said.set(subject, { at: now, since: 0 });
    this.log.warn({ err, ...(notSaid > 0 ? { notSaid } : {}) }, subject);
  }
}
