/**
 * A commit that the database acknowledged. `position` was read inside the transaction, after its first change: a database whose WAL reaches
 * that far has seen the transaction id and gives it to no other transaction. Whether the commit itself is there, the id says.
 */
export interface AcknowledgedCommit {
  readonly xid: string;
  readonly position: string;
  /** Whether this was a mark, whose row says by its content whether it is there. */
  readonly isMark?: boolean;
}

interface Entry extends AcknowledgedCommit {
  readonly acknowledgedAt: number;
}

/**
 * The last commits that were acknowledged to this process. A commit that was acknowledged before another one began lies before it in the
 * WAL, so only those are kept that overlap with the last one: about as many as there are connections.
 */
export class AcknowledgedCommits {
  #entries: Entry[] = [];

  /** Adds a commit that began and was acknowledged at these steady times, and drops those that it makes superfluous. */
  add(beganAt: number, acknowledgedAt: number, xid: string, position: string, isMark = false): void {
    let superfluous = 0;
    while (superfluous < this.#entries.length && this.#entries[superfluous]!.acknowledgedAt < beganAt)
      superfluous += 1;
    if (superfluous > 0) this.#entries.splice(0, superfluous);
    this.#entries.push({ xid, position, isMark, acknowledgedAt });
  }

  /** The commits that must all be there for nothing to be lost. */
  list(): readonly AcknowledgedCommit[] {
    return this.#entries.map(({ xid, position, isMark }) => ({
      xid,
      position,
      ...(isMark ? { isMark } : {}),
    }));
  }

  /** Forgets them: another history begins. */
  clear(): void {
    this.#entries = [];
  }
}
