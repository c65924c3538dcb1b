import { type Foundation, ServiceLoops } from '@curfew/foundation';
import { prunePlaces } from '@curfew/mail';
import type { ProtocolServer } from '@curfew/oidc';
import { plus, seconds } from '@curfew/session-policy';
import type { AnnouncedRows } from './kept-rows.js';
import type { TransmitterPolls } from './signals/index.js';

/** Rows that one statement of the pruning deletes at most. */
const batch = 1_000;
/** Milliseconds between two looks for transmitters that are due to be polled. */
const longestWithoutPollMs = 1_000;
/** Milliseconds after which rows in memory are read again: the net under announcements, and under a read that failed. */
const keptMs = 30_000;

/** The background loops of a node. */
export class Background {
  readonly #loops: ServiceLoops;

  constructor(
    private readonly foundation: Foundation,
    private readonly protocol: ProtocolServer,
  ) {
    this.#loops = new ServiceLoops(foundation);
  }

  /** Starts the loops every process needs and, where it looks after all, those of which one on a machine is enough. */
  start(runsJobsOfAll: boolean, polls: TransmitterPolls, kept: readonly AnnouncedRows[]): void {
    const { configuration, sweeper, browserSweeper, clock } = this.foundation;
    const { signal } = this.#loops;
    this.#loops.start();
    this.#loops.every(30_000, 'looking after signing keys', () => this.reloadKeys());
    for (const { subject, rows } of kept) this.#loops.every(keptMs, `reading ${subject}`, () => rows.load());
    if (!runsJobsOfAll) return;
    this.#loops.every(configuration.sweepIntervalMs, 'sweeping sessions', async () => {
      while (await sweeper.run(clock.now(), signal));
    });
    this.#loops.every(configuration.sweepIntervalMs, 'sweeping browser sessions', () =>
      browserSweeper.run(clock.now(), signal),
    );
    const pollMs = Math.min(longestWithoutPollMs, configuration.delivery.pollIntervalMs);
    this.#loops.every(pollMs, 'polling transmitters', () => polls.run(signal));
    this.#loops.every(60_000, 'deleting what expired', () => this.#prune());
    this.#loops.every(3_600_000, 'adding up and deleting counts', () => this.#keepCounts());
  }

  /** Stops after the runs under way. */
  stop(): Promise<void> {
    return this.#loops.stop();
  }

  /** A policy may be shorter now: sessions it ends earlier must be looked at earlier. */
  policiesChanged(): void {
    this.foundation.sweeper.policiesChanged();
    this.foundation.browserSweeper.policiesChanged();
  }

  /** Reads the signing keys and hands a changed set to the protocol. */
  async reloadKeys(): Promise<void> {
    const { keyStore, clock, log } = this.foundation;
    const now = clock.now();
    if (!(await keyStore.load(now))) return;
    this.protocol.useKeys(keyStore.current(now));
    log.info({ kids: keyStore.current(now).activeKids }, 'the signing keys changed');
  }

  async #keepCounts(): Promise<void> {
    const { counts, clock, configuration } = this.foundation;
    const now = clock.now();
    const mayGoOn = () => !this.#loops.signal.aborted;
    while ((await counts.foldDays(now)) > 0 && mayGoOn());
    const before = plus(now, seconds(-configuration.insight.retention));
    while ((await counts.prune(before, batch)) === batch && mayGoOn());
  }

  async #prune(): Promise<void> {
    const { artifacts, throttle, links, mails, secondFactors, transmitters, prisma, clock } = this.foundation;
    const now = clock.now();
    // A backlog must not keep a stop from writing what is pending.
    const isMore = (pruned: number) => pruned === batch && !this.#loops.signal.aborted;
    while (isMore(await artifacts.prune(now, batch)));
    while (isMore(await throttle.prune(batch)));
    while (isMore(await links.prune(batch)));
    while (isMore(await mails.prune(now, batch)));
    while (isMore(await transmitters.prune(now, batch)));
    while (isMore(await prunePlaces(prisma, now, batch)));
    while (isMore(await secondFactors.browsers.prune(now, batch)));
  }
}
