import type { DisciplinedClock } from '@curfew/clock';
import type { EventLog } from '@curfew/events';
import { advanceVirtualClock, type PrismaService } from '@curfew/persistence';
import type { Instant, Seconds } from '@curfew/session-policy';
import { ProblemError } from '@curfew/web';
import { type Act, adminActed } from '../access/acts.js';

/** The clock of the installation, which operators may move forward where the configuration allows it (never in production). */
export class VirtualClock {
  constructor(
    private readonly parts: {
      readonly prisma: PrismaService;
      readonly clock: DisciplinedClock;
      readonly events: EventLog;
      readonly configuration: { readonly virtualClock: boolean };
    },
  ) {}

  get movable(): boolean {
    return this.parts.configuration.virtualClock;
  }

  /** Moves the clock of every node forward and resolves to the new instant; a clock that may not be moved is a problem of status 409. */
  async advance(length: Seconds, act: Act): Promise<Instant> {
    const { prisma, clock, events } = this.parts;
    if (!this.movable)
      throw notMovable(
        'The clock of this installation cannot be moved: CURFEW_VIRTUAL_CLOCK is not true, and in production it never is.',
      );
    await prisma.$transaction(async (tx) => {
      if (!(await advanceVirtualClock(tx, length * 1_000)))
        throw notMovable(
          'The clock may be a hundred years ahead at most. A new installation begins today again.',
        );
      await events.record([adminActed(act.caller, act.operation, `${length}s`, act.now)], tx);
    });
    await clock.remeasure();
    return clock.now();
  }
}

const notMovable = (detail: string): ProblemError =>
  new ProblemError({ status: 409, code: 'clock_not_movable', detail });
