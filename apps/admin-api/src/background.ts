import { PayloadSeal } from '@curfew/oidc';
import { KeyRing } from '@curfew/sessions';
import { BackgroundLoops } from '@curfew/web';
import type { Foundation } from './foundation.js';
import { IdempotencyStore } from './idempotency/idempotency.store.js';

/** So many rows are deleted in one go. */
const batch = 1_000;

/** What runs without anyone asking; a failure only ever costs one run. */
export class Background {
  readonly #loops: BackgroundLoops;

  constructor(private readonly parts: Foundation) {
    this.#loops = new BackgroundLoops(parts.log);
  }

  /** Starts all jobs. */
  start(): void {
    const { sessions, events, clock } = this.parts;
    this.#loops.every(1_000, 'writing activity', () => sessions.activity.flush());
    this.#loops.every(1_000, 'writing events', () => events.flush(clock.now()));
    this.#loops.every(60_000, 'deleting what expired', () => this.#prune());
  }

  /** Stops after the runs under way, and writes what is still pending. */
  async stop(): Promise<void> {
    await this.#loops.stop();
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
}
