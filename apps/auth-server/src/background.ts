import type { Throttle } from '@curfew/accounts';
import type { Clock } from '@curfew/clock';
import type { Configuration } from '@curfew/config';
import type { EventLog } from '@curfew/events';
import type { ArtifactStore, KeyStore, ProtocolServer } from '@curfew/oidc';
import { plus, seconds } from '@curfew/session-policy';
import type { BrowserSessionSweeper, SessionService, Sweeper } from '@curfew/sessions';
import { BackgroundLoops } from '@curfew/web';
import type { Logger } from 'pino';

/** What runs without anyone asking. */
export interface BackgroundParts {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly log: Logger;
  readonly keyStore: KeyStore;
  readonly protocol: ProtocolServer;
  readonly sessions: SessionService;
  readonly events: EventLog;
  readonly sweeper: Sweeper;
  readonly artifacts: ArtifactStore;
  readonly browserSweeper: BrowserSessionSweeper;
  readonly throttle: Throttle;
}

/** So many short-lived rows are deleted in one go. */
const batch = 1_000;
/** Used codes are kept a while after they expire, so that a late replay is still recognised. */
const grace = seconds(3_600);

/** The clockwork of a node: every job alone, one run after the other, and a failure only ever costs one run. */
export class Background {
  readonly #loops: BackgroundLoops;

  constructor(private readonly parts: BackgroundParts) {
    this.#loops = new BackgroundLoops(parts.log);
  }

  /** Starts the jobs every process needs and, where it looks after all, those of which one on a machine is enough. */
  start(looksAfterAll: boolean): void {
    const { configuration, sessions, events, sweeper, browserSweeper, clock } = this.parts;
    this.#loops.every(1_000, 'writing activity', () => sessions.activity.flush());
    this.#loops.every(1_000, 'writing events', () => events.flush(clock.now()));
    this.#loops.every(30_000, 'looking after signing keys', () => this.reloadKeys());
    if (!looksAfterAll) return;
    this.#loops.every(configuration.sweepIntervalMs, 'sweeping sessions', async () => {
      while (await sweeper.run(clock.now(), this.#loops.signal));
    });
    this.#loops.every(configuration.sweepIntervalMs, 'sweeping browser sessions', () =>
      browserSweeper.run(clock.now(), this.#loops.signal),
    );
    this.#loops.every(60_000, 'deleting what expired', () => this.#prune());
  }

  /** Stops after the runs under way, and writes the activity and the events that are still pending. */
  async stop(): Promise<void> {
    await this.#loops.stop();
    await this.parts.sessions.activity.flush();
    await this.parts.events.flush();
  }

  /** A policy may be shorter now: sessions it ends earlier must be looked at earlier. */
  policiesChanged(): void {
    this.parts.sweeper.policiesChanged();
    this.parts.browserSweeper.policiesChanged();
  }

  /** Reads the signing keys and hands a changed set to the protocol. */
  async reloadKeys(): Promise<void> {
    const { keyStore, clock, protocol, log } = this.parts;
    const now = clock.now();
    if (!(await keyStore.load(now))) return;
    protocol.useKeys(keyStore.current(now));
    log.info({ kids: keyStore.current(now).activeKids }, 'the signing keys changed');
  }

  async #prune(): Promise<void> {
    const { artifacts, throttle, clock } = this.parts;
    const now = clock.now();
    // A backlog must not keep a stop from writing what is pending.
    const isMore = (pruned: number) => pruned === batch && !this.#loops.signal.aborted;
    while (isMore(await artifacts.prune(plus(now, seconds(-grace)), batch)));
    while (isMore(await throttle.prune(batch)));
  }
}
