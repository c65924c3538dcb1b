import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { type FeedEvent, FeedMemory } from './feed-state.js';
import type { CountsOfSecond } from './per-second.js';

/** How the stream stands: a refused one waits for the operator, a lost one is asked for again. */
export type FeedStatus = 'connecting' | 'live' | 'lost' | 'asleep' | 'forbidden';

/** The stream as the page shows it. */
export interface FeedView {
  readonly status: FeedStatus;
  readonly events: readonly FeedEvent[];
  /** Counts of the last seconds, by type, reason or cause. */
  readonly perSecond: Readonly<Record<'all' | 'ends' | 'refreshes' | 'refusals', readonly CountsOfSecond[]>>;
  /** Raised at each change. */
  readonly change: number;
}

/** The last message of a server that stops, which is no event: it says where to go on. */
const elsewhere = 'elsewhere';

/** Milliseconds between two changes that the page shows; two thousand events a second are drawn as seldom as two. */
const shownEveryMs = 500;
/** A sign of life comes every five seconds. */
const silentAfterMs = 15_000;
const usualPauseMs = 500;
const longestPauseMs = 10_000;

/**
 * Follows the events by one request that stays open. It counts as no activity, goes on from the last position after a break, and gives up
 * where only the operator can help.
 */
export class FeedReader {
  readonly #memory = new FeedMemory();
  readonly #listeners = new Set<() => void>();
  #view: FeedView = {
    status: 'connecting',
    events: [],
    perSecond: { all: [], ends: [], refreshes: [], refusals: [] },
    change: 0,
  };
  #arrived: FeedEvent[] = [];
  #position: string | undefined;
  /** How soon the server wants to be asked again; one that stops sends the page to another at once. */
  #retryMs = usualPauseMs;
  #stop: AbortController | undefined;
  /** The signal that stops the reading under way. */
  #followed: AbortSignal | undefined;
  #timer: number | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly view = (): FeedView => this.#view;

  /** Begins to follow; the returned function stops it. */
  start(): () => void {
    const stop = new AbortController();
    this.#stop = stop;
    this.#timer = window.setInterval(() => this.#show(), shownEveryMs);
    void this.#follow(stop.signal);
    return () => {
      stop.abort();
      window.clearInterval(this.#timer);
    };
  }

  /** Follows again after the operator did something. */
  resume(): void {
    if (this.#stop && !this.#stop.signal.aborted) void this.#follow(this.#stop.signal);
  }

  /** Several acts of the operator may wake it at once; a second reading would tell everything twice. */
  async #follow(signal: AbortSignal): Promise<void> {
    if (this.#followed === signal) return;
    this.#followed = signal;
    await this.#readOn(signal);
    if (this.#followed === signal) this.#followed = undefined;
  }

  async #readOn(signal: AbortSignal): Promise<void> {
    let pauseMs = usualPauseMs;
    while (!signal.aborted) {
      const outcome = await this.#once(signal);
      if (signal.aborted) return;
      this.#say(outcome);
      if (outcome === 'asleep' || outcome === 'forbidden') return;
      if (outcome === 'live') pauseMs = Math.min(usualPauseMs, this.#retryMs);
      await new Promise((resolve) => window.setTimeout(resolve, pauseMs));
      pauseMs = Math.min(longestPauseMs, Math.max(usualPauseMs, pauseMs * 2));
    }
  }

  /** One connection; `live` if anything came over it. */
  async #once(signal: AbortSignal): Promise<FeedStatus> {
    const ending = new AbortController();
    const end = () => ending.abort();
    signal.addEventListener('abort', end, { once: true });
    let watch = window.setTimeout(end, silentAfterMs);
    let outcome: FeedStatus = 'lost';
    try {
      const answer = await fetch('/v1/events/stream', {
        signal: ending.signal,
        headers: {
          'X-Session-Activity': 'passive',
          ...(this.#position ? { 'Last-Event-ID': this.#position } : {}),
        },
      });
      if (answer.status === 401) return 'asleep';
      if (answer.status === 403) return 'forbidden';
      // The database came back from a backup: nothing follows the old position.
      if (answer.status === 410) this.#position = undefined;
      if (!answer.ok || !answer.body) return 'lost';
      outcome = 'live';
      this.#say('live');
      this.#position ??= answer.headers.get('event-position') ?? undefined;
      const parser = createParser({
        onEvent: (message) => this.#took(message),
        onRetry: (milliseconds) => {
          this.#retryMs = milliseconds;
        },
      });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return outcome;
        window.clearTimeout(watch);
        watch = window.setTimeout(end, silentAfterMs);
        parser.feed(value);
      }
    } catch {
      return outcome;
    } finally {
      window.clearTimeout(watch);
      signal.removeEventListener('abort', end);
    }
  }

  #took({ event, data, id }: EventSourceMessage): void {
    if (id) this.#position = id;
    if (event !== elsewhere) this.#arrived.push(JSON.parse(data) as FeedEvent);
  }

  #show(): void {
    if (this.#arrived.length === 0) return;
    this.#memory.take(this.#arrived);
    this.#arrived = [];
    this.#publish({});
  }

  #say(status: FeedStatus): void {
    if (status !== this.#view.status) this.#publish({ status });
  }

  #publish(change: Partial<FeedView>): void {
    const { events, all, ends, refreshes, refusals } = this.#memory;
    const perSecond = {
      all: all.seconds,
      ends: ends.seconds,
      refreshes: refreshes.seconds,
      refusals: refusals.seconds,
    };
    this.#view = { ...this.#view, ...change, events, perSecond, change: this.#view.change + 1 };
    for (const listener of this.#listeners) listener();
  }
}
