import type { EndReason, Instant, Seconds } from '@curfew/session-policy';
import type { Arm, CanaryTrial } from '@curfew/session-policy/trial';
import { bucketCount, bucketOf, type CountKind, countKinds, foldCount, foldOf } from './counts.js';

/** Whose silence is counted. */
export interface CountedSession {
  readonly accountId: string;
  readonly clientId: string;
}

/** A session that has ended, as it is counted. */
export interface EndedSilence extends CountedSession {
  readonly reason: EndReason;
  readonly at: Instant;
  readonly signedInAt: Instant;
  readonly lastActiveAt: Instant;
  /** In seconds, as it was in force for the last silence. */
  readonly inactivityTimeout: number;
  /** The arm of a canary it met, and the shorter timeout of the arms where its last silence was the first to reach that. */
  readonly trial?: { readonly arm: Arm; readonly reached: Seconds | null } | undefined;
}

/** The facts, when a session starts, about the one before it of the same account and client. */
export interface SessionBefore {
  /** Present if the inactivity timeout ended it within the last eight hours: when, and under which timeout in seconds. */
  readonly cut: {
    readonly at: Instant;
    readonly inactivityTimeout: number;
    /** Whether it was the first long silence of its visit. */
    readonly isFirst: boolean;
  } | null;
  readonly lastActiveAt: Instant | null;
  /** Whether the account has signed in to this client on this day (UTC) already. */
  readonly isSameDay: boolean;
}

/** Counts of one client under one timeout in one arm: a histogram for each kind and fold that was met. */
interface TimeoutCells {
  readonly inactivityTimeout: number;
  readonly arm: Arm;
  readonly histograms: (Int32Array | undefined)[];
}

/** The counts of one hour, by client. */
export interface CountedHour {
  /** Hours since the epoch. */
  readonly hour: number;
  readonly clients: Map<string, TimeoutCells[]>;
}

/** One histogram, as it is written. */
export interface CountedHistogram {
  readonly hour: number;
  readonly clientId: string;
  readonly inactivityTimeout: number;
  readonly arm: Arm;
  readonly kind: CountKind;
  readonly fold: number;
  readonly counts: Int32Array;
}

const hourMs = 3_600_000;
/** Histograms kept in memory, 404 bytes each: about what 150 busy clients make. Beyond it, counts are lost and that is said. */
const maxHistograms = 20_000;

const place: Readonly<Record<CountKind, number>> = Object.fromEntries(
  countKinds.map((kind, index) => [kind, index * foldCount]),
) as Record<CountKind, number>;

/**
 * Counts silences in the memory of this node until they are written. A count is an increment in a typed array; nothing is allocated for it but
 * the first of its kind since the last flush. A length below zero (a clock moved back) is counted as nothing.
 */
export class SilenceRecorder {
  #hour: CountedHour = emptyHour(0);
  /** Hours before, which could not be written yet or are over. */
  #past: CountedHour[] = [];
  #histograms = 0;
  #lost = 0;

  constructor(
    readonly isOn: boolean,
    private readonly max = maxHistograms,
  ) {}

  /** Counts one length of time. */
  count(
    kind: CountKind,
    session: CountedSession,
    inactivityTimeout: number,
    lengthMs: number,
    now: Instant,
    arm: Arm = 0,
  ): void {
    if (!this.isOn || !(lengthMs >= 0)) return;
    const hour = Math.floor(now / hourMs);
    if (hour !== this.#hour.hour) this.#turnTo(hour);
    const histogram = this.#histogram(kind, session, inactivityTimeout, arm);
    if (histogram === undefined) this.#lost++;
    else histogram[bucketOf(lengthMs)]!++;
  }

  /** Counts the last silence and the age of sessions that have ended. */
  ended(sessions: readonly EndedSilence[]): void {
    for (const session of sessions) {
      const { reason, at, signedInAt, lastActiveAt, inactivityTimeout: timeout, trial } = session;
      const arm = trial?.arm;
      const isCut = reason === 'inactivity_timeout';
      // The sweeper finds an end later than it was: a cut silence has the length of its timeout.
      const silence = isCut ? timeout * 1_000 : Math.min(at - lastActiveAt, timeout * 1_000);
      this.count(isCut ? 'cut' : 'censored', session, timeout, silence, at, arm);
      if (trial && trial.reached !== null)
        this.count('reached', session, timeout, trial.reached * 1_000, at, arm);
      if (reason === 'absolute_lifetime') this.count('aged_out', session, timeout, at - signedInAt, at, arm);
      else this.count('aged', session, timeout, lastActiveAt - signedInAt, at, arm);
    }
  }

  /** Counts what a new session tells of the one before it. */
  started(
    session: CountedSession,
    before: SessionBefore,
    inactivityTimeout: number,
    now: Instant,
    canary?: Pick<CanaryTrial, 'arm' | 'since'>,
  ): void {
    const { cut, lastActiveAt, isSameDay } = before;
    const arm = canary?.arm;
    if (cut && lastActiveAt !== null) {
      this.count('back', session, cut.inactivityTimeout, now - lastActiveAt, now, arm);
      this.count('resumed', session, cut.inactivityTimeout, now - cut.at, now, arm);
      if (canary && cut.isFirst && lastActiveAt >= canary.since)
        this.count('rejoined', session, cut.inactivityTimeout, now - lastActiveAt, now, arm);
    }
    const sinceLast = lastActiveAt === null ? Number.MAX_SAFE_INTEGER : now - lastActiveAt;
    if (!isSameDay) this.count('first', session, inactivityTimeout, sinceLast, now, arm);
  }

  /** Hands over what was counted and begins anew. How many counts were lost meanwhile. */
  take(): { readonly hours: readonly CountedHour[]; readonly lost: number } {
    const hours = [...this.#past, this.#hour].filter(({ clients }) => clients.size > 0);
    const lost = this.#lost;
    this.#past = [];
    this.#hour = emptyHour(this.#hour.hour);
    this.#histograms = 0;
    this.#lost = 0;
    return { hours, lost };
  }

  /** Takes back what could not be written, as far as there is room. */
  giveBack(hours: readonly CountedHour[]): void {
    for (const { hour, clientId, inactivityTimeout, arm, kind, fold, counts } of histogramsOf(hours)) {
      if (this.#hour.hour !== hour) this.#turnTo(hour);
      const kept = this.#cell(clientId, inactivityTimeout, arm, place[kind] + fold);
      if (kept === undefined) this.#lost += counts.reduce((sum, count) => sum + count, 0);
      else
        counts.forEach((count, bucket) => {
          kept[bucket]! += count;
        });
    }
  }

  #histogram(kind: CountKind, { accountId, clientId }: CountedSession, inactivityTimeout: number, arm: Arm) {
    return this.#cell(clientId, inactivityTimeout, arm, place[kind] + foldOf(accountId));
  }

  #cell(clientId: string, inactivityTimeout: number, arm: Arm, index: number): Int32Array | undefined {
    const { histograms } = this.#cells(clientId, inactivityTimeout, arm);
    if (histograms[index] === undefined && this.#histograms < this.max) {
      this.#histograms++;
      histograms[index] = new Int32Array(bucketCount);
    }
    return histograms[index];
  }

  #cells(clientId: string, inactivityTimeout: number, arm: Arm): TimeoutCells {
    const { clients } = this.#hour;
    const known = clients.get(clientId);
    const timeouts = known ?? [];
    if (known === undefined) clients.set(clientId, timeouts);
    // Most clients have one timeout; a search with a function would allocate for each count.
    for (let at = 0; at < timeouts.length; at++)
      if (timeouts[at]!.inactivityTimeout === inactivityTimeout && timeouts[at]!.arm === arm)
        return timeouts[at]!;
    const cells: TimeoutCells = { inactivityTimeout, arm, histograms: [] };
    timeouts.push(cells);
    return cells;
  }

  /** Another hour has begun, or the clock was moved: each hour has its own counts. */
  #turnTo(hour: number): void {
    if (this.#hour.clients.size > 0) this.#past.push(this.#hour);
    const index = this.#past.findIndex((past) => past.hour === hour);
    this.#hour = index === -1 ? emptyHour(hour) : this.#past.splice(index, 1)[0]!;
  }
}

const emptyHour = (hour: number): CountedHour => ({ hour, clients: new Map() });

/** The histograms of these hours, one by one. */
export function* histogramsOf(hours: readonly CountedHour[]): Generator<CountedHistogram> {
  for (const { hour, clients } of hours)
    for (const [clientId, timeouts] of clients)
      for (const { inactivityTimeout, arm, histograms } of timeouts)
        for (let at = 0; at < histograms.length; at++) {
          const counts = histograms[at];
          if (counts === undefined) continue;
          const kind = countKinds[Math.floor(at / foldCount)]!;
          yield { hour, clientId, inactivityTimeout, arm, kind, fold: at % foldCount, counts };
        }
}

/** The hour of the week an hour since the epoch falls into: 0 is Monday from midnight, UTC. */
export const hourOfWeek = (hour: number): number => (((hour + 72) % 168) + 168) % 168;

/** The day an hour since the epoch falls into, as the database writes it. */
export const dayOf = (hour: number): string => new Date(hour * hourMs).toISOString().slice(0, 10);
