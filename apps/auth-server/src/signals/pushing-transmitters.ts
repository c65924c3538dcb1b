import { createHash, timingSafeEqual } from 'node:crypto';
import type { Transmitter, Transmitters } from '@curfew/events/transmitters';

interface Known {
  readonly transmitter: Transmitter;
  readonly hash: Buffer;
}

const hashOf = (header: string): Buffer => createHash('sha256').update(header).digest();

/** The transmitters that push, in memory: a stranger without one of their headers costs no statement. */
export class PushingTransmitters {
  #known: readonly Known[] = [];

  constructor(private readonly transmitters: Pick<Transmitters, 'pushing'>) {}

  /** To be called at the start, and whenever a change is announced or may have been missed. */
  async load(): Promise<void> {
    const all = await this.transmitters.pushing();
    this.#known = all.map(({ transmitter, authorization }) => ({ transmitter, hash: hashOf(authorization) }));
  }

  /** Those whose header this is; each is compared, so that the time tells nothing of it. */
  by(header: string): readonly Transmitter[] {
    const hash = hashOf(header);
    return this.#known.filter((one) => timingSafeEqual(one.hash, hash)).map(({ transmitter }) => transmitter);
  }
}
