import type { Peer, RememberedPeer } from './judgement.js';

/** Other processes whose marks are remembered. */
const maxPeers = 1_000;

/**
 * The marks of other processes. If there are more than fit, those not heard of for longest are forgotten: the others are witnesses enough.
 */
export class PeerMarks {
  readonly #marks = new Map<string, RememberedPeer>();

  /**
   * Takes note of a process as it stands in the database at an instant. Its number is there for everybody before a standby confirms it, and
   * also where the wait for that was cancelled; the one below was acknowledged (ADR 112).
   */
  hear(peer: Peer, heardAt: number): void {
    if (peer.mark > 1) this.remember({ ...peer, mark: peer.mark - 1, heardAt });
  }

  /** Takes note of a mark that was acknowledged to a process. */
  remember(peer: RememberedPeer): void {
    this.#marks.delete(peer.node);
    if (this.#marks.size >= maxPeers) this.#marks.delete(this.#marks.keys().next().value!);
    this.#marks.set(peer.node, peer);
  }

  /** All of them, the one heard of last at the end. */
  list(): readonly RememberedPeer[] {
    return [...this.#marks.values()];
  }

  /** Forgets them, because the commits that they are about are over. */
  clear(): void {
    this.#marks.clear();
  }
}
