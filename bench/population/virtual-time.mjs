import { setTimeout as pause } from 'node:timers/promises';

/** A move this long is waited for until every server has heard of it; a shorter one only makes a silence a little shorter. Seconds. */
const longMove = 120;

/** The virtual clock of an installation: real time, and what was added to it. */
export class VirtualTime {
  #aheadMs = 0;
  #began = Date.now();

  constructor(prisma, advance) {
    this.prisma = prisma;
    this.advance = advance;
  }

  /** Seconds since the first day began. */
  get now() {
    return (Date.now() - this.#began + this.#aheadMs) / 1_000;
  }

  /** Moves the clock up to an instant, in seconds since the first day began. */
  async moveTo(instant) {
    const seconds = instant - this.now;
    if (seconds <= 0) return;
    const milliseconds = Math.ceil(seconds * 1_000);
    if (!(await this.advance(this.prisma, milliseconds))) throw new Error('the clock cannot be moved');
    this.#aheadMs += milliseconds;
    if (seconds > longMove) await pause(500);
  }
}
