import { setTimeout as pause } from 'node:timers/promises';
import { PayloadSeal } from '@curfew/oidc';
import { KeyRing } from '@curfew/sessions';
import type { Foundation } from './foundation.js';
import { IdempotencyStore } from './idempotency/idempotency.store.js';

/** So many rows are deleted in one go. */
const batch = 1_000;

/** What runs without anyone asking; a failure only ever costs one run. */
export class Background {
  readonly #stopping = new AbortController();
  readonly #jobs: Promise<void>[] = [];

  constructor(private readonly parts: Foundation) {}

  /** Starts all jobs. */
  start(): void {
    const { sessions, events, clock } = this.parts;
    this.#every(1_000, 'writing activity', () => sessions.activity.flush());
    this.#every(1_000, 'writing events', () => events.flush(clock.now()));
    this.#every(60_000, 'deleting what expired', () => this.#prune());
  }

  /** Stops after the runs under way, and writes what is still pending. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#jobs);
    await this.parts.sessions.activity.flush();
    await this.parts.events.flush();
  }

  async #prune(): Promise<void> {
    const { prisma, serviceKeys, clock } = this.parts;
    const store = new IdempotencyStore(
      prisma,
      new PayloadSeal(new KeyRing(serviceKeys.derive('idempotent answers'))),
    );
    while ((await store.prune(clock.now(), batch)) === batch);
  }

  #every(intervalMs: number, subject: string, work: () => Promise<unknown>): void {
    const { signal } = this.#stopping;
    const run = async (): Promise<void> => {
      while (!signal.aborted) {
        const wait = intervalMs * (0.9 + Math.random() * 0.2);
        await pause(wait, undefined, { signal, ref: false }).catch(() => {});
        if (signal.aborted) return;
        await work().catch((err: unknown) =>
          this.parts.log.error({ err }, `${subject} failed; it is tried again`),
        );
      }
    };
    this.#jobs.push(run());
  }
}
