import { countsWrittenEveryMs } from '@curfew/insight';
import { BackgroundLoops } from '@curfew/web';
import type { Foundation } from './open-foundation.js';

/** The background loops of a process that serves. Activity, events and counts that are still pending are written before they stop. */
export class ServiceLoops extends BackgroundLoops {
  constructor(
    private readonly foundation: Pick<
      Foundation,
      'sessions' | 'events' | 'countsWriter' | 'timeoutReturns' | 'clock' | 'log'
    >,
  ) {
    super(foundation.log);
  }

  /** Starts those that every process needs. */
  start(): void {
    const { sessions, events, countsWriter, timeoutReturns, clock } = this.foundation;
    this.every(1_000, 'writing activity', () => sessions.activity.flush());
    this.every(1_000, 'writing events', () => events.flush(clock.now()));
    this.every(countsWrittenEveryMs, 'counting returns after timeouts', () => timeoutReturns.flush());
    this.every(countsWrittenEveryMs, 'writing counts', () => countsWriter.flush());
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.foundation.sessions.activity.flush();
    await this.foundation.events.flush();
    await this.foundation.countsWriter.flush();
  }
}
