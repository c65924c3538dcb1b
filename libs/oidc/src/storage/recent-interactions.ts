import type { FoundArtifact, StagedWrites } from './staged-writes.js';

/** So many characters are kept at most: two thousand interactions of the usual length, and hundreds of the longest there are. */
const mostCharacters = 4_000_000;

/**
 * Interactions this node made a moment ago and nobody has answered here, for the pages that ask what they say. They may have been answered
 * or finished at another node meanwhile; so whoever resumes one reads it from the database, and an answer is only written to one that is
 * still there.
 */
export class RecentInteractions {
  readonly #kept = new Map<string, FoundArtifact>();
  #characters = 0;

  get(id: string): FoundArtifact | undefined {
    return this.#kept.get(id);
  }

  /** Keeps what was made by these writes. */
  keep({ saved }: StagedWrites): void {
    for (const { key, text, expiresAt } of saved) {
      if (key.kind !== 'Interaction') continue;
      this.#drop(key.id);
      this.#kept.set(key.id, { text, consumed: false, expiresAt });
      this.#characters += text.length;
    }
    while (this.#characters > mostCharacters) this.#drop(this.#kept.keys().next().value!);
  }

  /** Forgets what these writes answer or end, whether or not they succeed. */
  forget({ answeredInteraction, endedInteraction }: StagedWrites): void {
    if (answeredInteraction) this.#drop(answeredInteraction.key.id);
    if (endedInteraction) this.#drop(endedInteraction.id);
  }

  #drop(id: string): void {
    this.#characters -= this.#kept.get(id)?.text.length ?? 0;
    this.#kept.delete(id);
  }
}
