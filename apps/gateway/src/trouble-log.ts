import type { Logger } from 'pino';

/** Subjects that are remembered; one that is forgotten is said again at once. */
const maxSubjects = 1_000;

/** Says what goes wrong without a line for every request that suffers from it. */
export class TroubleLog {
  /** The subject that was said longest ago is the first. */
  readonly #said = new Map<string, { at: number; since: number }>();

  /** `quietForMs` are the milliseconds between two lines about the same thing. */
  constructor(
    private readonly log: Logger,
    private readonly quietForMs = 5_000,
  ) {}

  /** `subject` is one of few: the kind of trouble and its place. `facts` describe the one occurrence that is logged. */
  note(subject: string, facts: Readonly<Record<string, unknown>>): void {
    const now = performance.now();
    const said = this.#said.get(subject);
    if (said && now - said.at < this.quietForMs) {
      said.since += 1;
      return;
    }
    const notSaid = said?.since ?? 0;
    this.#said.delete(subject);
    if (this.#said.size >= maxSubjects) this.#said.delete(this.#said.keys().next().value!);
    this.#said.set(subject, { at: now, since: 0 });
    this.log.warn({ ...facts, ...(notSaid > 0 ? { notSaid } : {}) }, subject);
  }
}
