import type { FoundArtifact, StagedArtifact, StagedWrites } from './staged-writes.js';

/** The maximum number of characters that are kept: two thousand interactions of the usual length, and hundreds of the longest there are. */
const maxCharacters = 4_000_000;

/**
 * Interactions this node made a moment ago and nobody has answered here, for the pages that ask what they say. They may have been answered
 * or finished at another node meanwhile; so whoever resumes one reads it from the database, and an answer is only written to one that is
 * still there.
 */
export class RecentInteractions {
  readonly #kept = new Map<string, readonly StagedArtifact[]>();
  #characters = 0;

  /** The interaction with this id; it and the grant it was made with are noted in `staged`. */
  get(id: string, staged: StagedWrites): FoundArtifact | undefined {
    const kept = this.#kept
      .get(id)
      ?.map(({ key, text, expiresAt }) => ({ key, text, expiresAt, consumed: false }));
    for (const found of kept ?? []) staged.note(found.key, found);
    return kept?.find(({ key }) => key.kind === 'Interaction');
  }

  /** Keeps what was made by these writes. */
  keep({ saved }: StagedWrites): void {
    const made = saved.find(({ key }) => key.kind === 'Interaction');
    if (!made) return;
    this.#drop(made.key.id);
    const kept = saved.filter(
      ({ key }) => key === made.key || (key.kind === 'Grant' && key.id === made.grantId),
    );
    this.#kept.set(made.key.id, kept);
    this.#characters += lengthOf(kept);
    while (this.#characters > maxCharacters) this.#drop(this.#kept.keys().next().value!);
  }

  /** Forgets what these writes answer or end, whether or not they succeed. */
  forget({ answeredInteraction, endedInteraction }: StagedWrites): void {
    if (answeredInteraction) this.#drop(answeredInteraction.key.id);
    if (endedInteraction) this.#drop(endedInteraction.id);
  }

  #drop(id: string): void {
    this.#characters -= lengthOf(this.#kept.get(id) ?? []);
    this.#kept.delete(id);
  }
}

const lengthOf = (kept: readonly StagedArtifact[]): number =>
  kept.reduce((sum, { text }) => sum + text.length, 0);
