import { createHash, timingSafeEqual } from 'node:crypto';
import type { Transmitter, Transmitters } from '@curfew/events/transmitters';
import { type Kept, KeptRows } from '../kept-rows.js';

interface Known {
  readonly transmitter: Transmitter;
  readonly hash: Buffer;
}

const hashOf = (header: string): Buffer => createHash('sha256').update(header).digest();

/** The transmitters that push, in memory: a stranger without one of their headers costs no statement. */
export class PushingTransmitters implements Kept {
  #known: readonly Known[] = [];
  /** Those that the log has named. */
  #unreadable = '';
  readonly #rows = new KeptRows(() => this.#read());

  constructor(
    private readonly transmitters: Pick<Transmitters, 'examined'>,
    /** Is told of those whose header does not open, whenever they are others than before. */
    private readonly report: (unreadable: readonly string[]) => void,
  ) {}

  load(): Promise<void> {
    return this.#rows.load();
  }

  async #read(): Promise<void> {
    const { opened, unreadable } = await this.transmitters.examined('push');
    this.#known = opened.map(({ transmitter, authorization }) => ({
      transmitter,
      hash: hashOf(authorization),
    }));
    const named = unreadable.join(' ');
    if (named !== '' && named !== this.#unreadable) this.report(unreadable);
    this.#unreadable = named;
  }

  /** Those whose header this is; each is compared, so that the time tells nothing of it. */
  by(header: string): readonly Transmitter[] {
    const hash = hashOf(header);
    return this.#known.filter((one) => timingSafeEqual(one.hash, hash)).map(({ transmitter }) => transmitter);
  }
}
