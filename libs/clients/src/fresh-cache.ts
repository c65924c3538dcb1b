import type { Clock } from '@curfew/clock';
import { type Instant, isPast, plus, type Seconds, seconds } from '@curfew/session-policy';
import { LRUCache } from 'lru-cache';

interface Entry<T> {
  readonly value: T;
  readonly loadedAt: Instant;
  /** From when on it is loaded again in the background. */
  readonly renewedFrom: Instant;
}

/** The parts of its greatest age between which a value is loaded again. */
const renewal = { earliest: 1 / 3, latest: 2 / 3 };

/**
 * A bounded cache of loaded values. A value is never older than `maxAge`; one that is in use is loaded again in the background after
 * one to two thirds of that, so nobody waits for it. The moment is drawn for each value: a thousand that were first asked for in one second,
 * as after a start, are not all loaded again in one second. Those that fall due within `gatherMs` are loaded at once, so that whoever loads them
 * can ask for all of them together. A value that is forgotten while it is being loaded is not kept or returned to
 * later callers, because the load may have read the state before the change.
 */
export class FreshCache<T extends object> {
  private readonly known: LRUCache<string, Entry<T>>;
  /** Names that stand for nothing: kept apart, so that a flood of invented ones displaces no real one. */
  private readonly unknown: LRUCache<string, Entry<{ readonly nothing: true }>>;
  private readonly loading = new Map<string, Promise<T | null>>();
  /** Names that are loaded again in a moment. */
  private readonly due = new Set<string>();

  constructor(
    private readonly load: (key: string) => Promise<T | null>,
    private readonly clock: Clock,
    private readonly maxAge: Seconds,
    size: number,
    private readonly random: () => number = Math.random,
    private readonly gatherMs = 0,
  ) {
    this.known = new LRUCache({ max: size });
    this.unknown = new LRUCache({ max: Math.max(1, Math.ceil(size / 10)) });
  }

  /** The value, from memory if `trusted`, else loaded; null if there is none. Rejects if it has to be loaded and cannot. */
  async get(key: string, trusted: boolean): Promise<T | null> {
    if (!trusted) return this.fetch(key, false);
    const known = this.known.get(key);
    const entry = known ?? this.unknown.get(key);
    const now = this.clock.now();
    if (!entry || isPast(plus(entry.loadedAt, this.maxAge), now)) return this.fetch(key, true);
    if (isPast(entry.renewedFrom, now)) this.refresh(key);
    return known ? known.value : null;
  }

  forget(key: string): void {
    this.known.delete(key);
    this.unknown.delete(key);
    this.loading.delete(key);
    this.due.delete(key);
  }

  forgetAll(): void {
    this.known.clear();
    this.unknown.clear();
    this.loading.clear();
    this.due.clear();
  }

  private refresh(key: string): void {
    if (this.loading.has(key) || this.due.has(key)) return;
    this.due.add(key);
    if (this.gatherMs === 0) this.refreshDue();
    else if (this.due.size === 1) setTimeout(() => this.refreshDue(), this.gatherMs).unref();
  }

  private refreshDue(): void {
    const keys = [...this.due];
    this.due.clear();
    // Nobody waits for it: if it fails, the old value serves until its age is over, and then whoever asks is told.
    for (const key of keys) this.fetch(key, true).catch(() => undefined);
  }

  private fetch(key: string, keep: boolean): Promise<T | null> {
    const running = this.loading.get(key);
    if (running && keep) return running;
    const loadedAt = this.clock.now();
    const load = this.load(key).then(
      (value) => {
        // Only if nobody forgot the key, or began a later load, in the meantime.
        if (keep && this.loading.get(key) === load) this.store(key, value, loadedAt);
        return value;
      },
      (error: unknown) => {
        if (this.loading.get(key) === load) this.loading.delete(key);
        throw error;
      },
    );
    if (keep) this.loading.set(key, load);
    return load;
  }

  private store(key: string, value: T | null, loadedAt: Instant): void {
    this.forget(key);
    const { earliest, latest } = renewal;
    const age = this.maxAge * (earliest + (latest - earliest) * this.random());
    const renewedFrom = plus(loadedAt, seconds(age));
    if (value) this.known.set(key, { value, loadedAt, renewedFrom });
    else this.unknown.set(key, { value: { nothing: true }, loadedAt, renewedFrom });
  }
}
