import type { AcknowledgedCommit } from './acknowledged.js';

/** The testimony of a process about a database: the commits that were acknowledged to it, and by which server. */
export interface Witness {
  /** The process, by the id of its row in `node_mark`. */
  readonly node: string;
  /** The installation: a database of another one is none that went backwards. */
  readonly instance: string;
  readonly system: string;
  readonly timeline: number;
  /** The number of its last acknowledged mark. */
  readonly mark: number;
  /** When that was, by the clock of the database, in milliseconds since the epoch. */
  readonly at: number;
  readonly commits: readonly AcknowledgedCommit[];
}

/** Reads a witness from what was written down; undefined for anything else. */
export function readWitness(text: string): Witness | undefined {
  let read: Partial<Witness> | null;
  try {
    read = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof read !== 'object' || read === null) return undefined;
  const { node, instance, system, timeline, mark, at, commits } = read;
  const isWhole =
    [node, instance, system].every((one) => typeof one === 'string') &&
    [timeline, mark, at].every((one) => Number.isSafeInteger(one)) &&
    Array.isArray(commits) &&
    commits.every(
      (one) => /^\d{1,20}$/.test(one?.xid) && /^[0-9A-F]{1,8}\/[0-9A-F]{1,8}$/.test(one?.position),
    );
  return isWhole ? (read as Witness) : undefined;
}
