import { createHash } from 'node:crypto';
import { type Instant, type Seconds, seconds } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';
import type { NewEvent } from '../event-log.js';
import { type AlertPattern, type AlertThresholds, alertPatterns, patterns } from './patterns.js';
import { SlidingCounts, SlidingDistinct } from './sliding-window.js';

/** Keys each pattern holds; with them a detector stays below a few megabytes, whatever it is shown. */
const mostKeys = 2_000;
/** Examples an alert carries beside its main subject. */
const mostExamples = 10;

interface Watched {
  readonly pattern: AlertPattern;
  readonly count: number;
  readonly window: Seconds;
  readonly counts: SlidingCounts;
  readonly values: SlidingDistinct;
}

/**
 * Finds patterns in the stream of events. It reads no clock and asks nobody: the same events give the same alerts, with the same
 * ids, so that a node that takes over and reads the last minutes again raises nothing twice.
 */
export class Detector {
  readonly #watched: readonly Watched[];

  constructor(thresholds: AlertThresholds) {
    this.#watched = alertPatterns.map((pattern) => {
      const { count, window } = thresholds[pattern];
      return {
        pattern,
        count,
        window: seconds(window),
        counts: new SlidingCounts(window * 1000, mostKeys),
        values: new SlidingDistinct(window * 1000, mostKeys, Math.max(count, mostExamples)),
      };
    });
  }

  /** The alerts this event raises: at most one of each pattern, and per subject one in each window. */
  observe(event: StoredEvent): NewEvent[] {
    return this.#watched.flatMap((watched) => {
      const { sign: signOf, distinct } = patterns[watched.pattern];
      const sign = signOf(event);
      if (!sign) return [];
      const examples = sign.value === undefined ? [] : watched.values.add(sign.of, sign.value, event.at);
      const observed = distinct ? examples.length : watched.counts.add(sign.of, event.at, sign.amount);
      // Once it is over its threshold each event says so again; the id, which is the window's, makes one of them.
      return observed < watched.count ? [] : [alertOf(watched, sign.of, examples, observed, event)];
    });
  }

  /** Keys held at the moment, over all patterns. */
  get size(): number {
    return this.#watched.reduce((total, { counts, values }) => total + counts.size + values.size, 0);
  }
}

function alertOf(
  { pattern, count, window }: Watched,
  of: string,
  examples: readonly string[],
  observed: number,
  { at, accountId, clientId, sessionId }: StoredEvent,
): NewEvent {
  const { severity } = patterns[pattern];
  // A subject the event shares with the alert; what differs between the events of one alert is an example.
  const own = (id: string | null): string | null => (id === of ? id : null);
  return {
    id: alertId(pattern, of, at, window),
    at,
    type: 'alert.raised',
    sessionId: own(sessionId) as NewEvent['sessionId'],
    accountId: own(accountId),
    clientId: own(clientId),
    data: {
      pattern,
      severity,
      observed,
      threshold: count,
      window,
      subjects: [of, ...examples.slice(-mostExamples)],
      action: 'record',
    },
  };
}

/** A UUIDv7 (RFC 9562 §5.7) that depends on pattern, subject and window alone. */
function alertId(pattern: AlertPattern, of: string, at: Instant, window: Seconds): string {
  const began = Math.floor(at / (window * 1000)) * window * 1000;
  const bytes = createHash('sha256').update(`${pattern}\0${of}\0${began}`).digest().subarray(0, 16);
  bytes.writeUIntBE(began, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
