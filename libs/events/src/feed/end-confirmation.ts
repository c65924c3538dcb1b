import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '@curfew/clock';
import { writeNodeWord } from './announcement.js';
import type { EndAnnouncer } from './end-announcer.js';
import type { FeedNodeStore } from './feed-node.store.js';

/** Milliseconds after which every follower has either carried out an end or stopped trusting what it remembers. */
const longestWaitMs = 4_000;

/** Confirmations that are remembered for whoever waits for them. */
const maxConfirmed = 50;

/** The last confirmations, with one more. */
export const confirmedWith = (known: readonly string[], id: string): readonly string[] =>
  [...known, id].slice(-maxConfirmed);

/** How a confirmation went: whether everybody has carried it out, and in how many milliseconds. */
export interface Confirmation {
  readonly confirmed: boolean;
  readonly waitedMs: number;
}

/** Lets whoever ended something wait until no follower anywhere lets it pass any more. */
export class EndConfirmation {
  constructor(
    private readonly nodes: FeedNodeStore,
    private readonly announcer: EndAnnouncer,
    private readonly clock: Clock,
  ) {}

  /**
   * Call it when the end is durable. Resolves when every live follower has acknowledged it, or its lease has run out: in
   * either case nobody acts on what they remembered from before. Not confirmed means that the nodes could not say so in time.
   */
  async confirm(): Promise<Confirmation> {
    const began = performance.now();
    const id = randomUUID();
    // One that appears later did not hear the question, and has told its followers of the end from the tables.
    const nodes = await this.nodes.ids(this.clock.now());
    await this.announcer.say(writeNodeWord({ kind: 'confirm', id }));
    for (let wait = 5; ; wait = Math.min(wait * 1.5, 50)) {
      await pause(wait);
      const waitedMs = Math.round(performance.now() - began);
      if ((await this.nodes.unconfirmed(id, nodes, this.clock.now())) === 0)
        return { confirmed: true, waitedMs };
      if (waitedMs > longestWaitMs) return { confirmed: false, waitedMs };
    }
  }
}
