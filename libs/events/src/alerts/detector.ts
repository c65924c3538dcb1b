import { createHash } from 'node:crypto';
import { type EventData, type Instant, plus, type Seconds, seconds } from '@curfew/session-policy';
import type { StoredEvent } from '../delivery/delivery.js';
import type { NewEvent } from '../event-log.js';
import {
  type AlertAnswer,
  type AlertAnswers,
  type AlertPattern,
  type AlertThresholds,
  alertPatterns,
  patterns,
  type Sign,
} from './patterns.js';
import { SlidingCounts, SlidingDistinct } from './sliding-window.js';

/** Keys each pattern holds; with them a detector stays below a few megabytes, whatever it is shown. */
const maxKeys = 2_000;
/** Examples an alert carries beside its main subject. */
const maxExamples = 10;

/** Networks an alert holds back at most. */
const maxNetworks = 20;
/** A network is held back for so much of what was counted: a fifth, or so many. */
const share = 5;
const enough = 10;

/** An alert as it is recorded. */
export type RaisedAlert = Extract<NewEvent, { readonly type: 'alert.raised' }>;

/** The answers to patterns, and how long networks are held back. */
export interface DetectorAnswers {
  readonly answers: AlertAnswers;
  readonly throttledFor: Seconds;
}

interface Watched {
  readonly pattern: AlertPattern;
  readonly count: number;
  readonly window: Seconds;
  readonly counts: SlidingCounts;
  readonly values: SlidingDistinct;
  readonly answer: AlertAnswer;
  /** Which networks it came from, and how much from each; only where they may be held back. */
  readonly networks: { readonly of: SlidingDistinct; readonly counts: SlidingCounts } | null;
}

/**
 * Finds patterns in the stream of events. It reads no clock and asks nobody: the same events give the same alerts, with the same
 * ids, so that a node that takes over and reads the last minutes again raises nothing twice.
 */
export class Detector {
  readonly #watched: readonly Watched[];
  readonly #throttledFor: Seconds;

  constructor(thresholds: AlertThresholds, answers: DetectorAnswers = recordOnly) {
    this.#throttledFor = answers.throttledFor;
    this.#watched = alertPatterns.map((pattern) => {
      const { count, window } = thresholds[pattern];
      const answer = answerOf(pattern, answers.answers);
      const ms = window * 1000;
      return {
        pattern,
        answer,
        networks:
          answer === 'throttle'
            ? {
                of: new SlidingDistinct(ms, maxKeys, maxNetworks),
                counts: new SlidingCounts(ms, maxKeys),
              }
            : null,
        count,
        window: seconds(window),
        counts: new SlidingCounts(window * 1000, maxKeys),
        values: new SlidingDistinct(window * 1000, maxKeys, Math.max(count, maxExamples)),
      };
    });
  }

  /** The alerts this event raises: at most one of each pattern, and per subject one in each window. */
  observe(event: StoredEvent): RaisedAlert[] {
    return this.#watched.flatMap((watched) => {
      const { sign: signOf, distinct } = patterns[watched.pattern];
      const sign = signOf(event);
      if (!sign) return [];
      // A refused request may have come from the wrong caller, who must not be able to end anything.
      if (watched.answer === 'end' && event.type === 'session.refresh_refused') return [];
      const examples = sign.value === undefined ? [] : watched.values.add(sign.of, sign.value, event.at);
      const observed = distinct ? examples.length : watched.counts.add(sign.of, event.at, sign.amount);
      const networks = networksOf(watched, sign, event.at);
      // Once it is over its threshold each event says so again; the id, which is the window's, makes one of them.
      return observed < watched.count
        ? []
        : [this.#alert(watched, { of: sign.of, examples, observed, networks }, event)];
    });
  }

  /** Keys held at the moment, over all patterns. */
  get size(): number {
    return this.#watched.reduce(
      (total, { counts, values, networks }) =>
        total + counts.size + values.size + (networks ? networks.of.size + networks.counts.size : 0),
      0,
    );
  }

  #alert(watched: Watched, seen: Seen, event: StoredEvent): RaisedAlert {
    const until = plus(event.at, this.#throttledFor);
    const enoughOf = Math.min(enough, Math.ceil(seen.observed / share));
    const networks = seen.networks.filter(({ count }) => count >= enoughOf).map(({ network }) => network);
    return alertOf(watched, seen, event, networks.length === 0 ? {} : { throttled: { networks, until } });
  }
}

const recordOnly: DetectorAnswers = { answers: {}, throttledFor: seconds(0) };

/** @throws TypeError for an answer that makes no sense for the pattern. */
function answerOf(pattern: AlertPattern, answers: AlertAnswers): AlertAnswer {
  const answer = answers[pattern] ?? 'record';
  if (answer !== 'record' && !patterns[pattern].answers.includes(answer))
    throw new TypeError(`${pattern} cannot be answered with ${answer}`);
  return answer;
}

interface Seen {
  readonly of: string;
  readonly examples: readonly string[];
  readonly observed: number;
  readonly networks: readonly { readonly network: string; readonly count: number }[];
}

/** Adds the network of a sign, and says how much came from each so far. */
function networksOf({ networks }: Watched, { of, network, amount }: Sign, at: Instant): Seen['networks'] {
  if (!networks || !network) return [];
  networks.counts.add(`${of}\0${network}`, at, amount);
  return networks.of
    .add(of, network, at)
    .map((one) => ({ network: one, count: networks.counts.read(`${of}\0${one}`, at) }));
}

function alertOf(
  { pattern, count, window, answer }: Watched,
  { of, examples, observed }: Seen,
  { at, accountId, clientId, sessionId }: StoredEvent,
  more: Pick<EventData['alert.raised'], 'throttled'>,
): RaisedAlert {
  const { severity } = patterns[pattern];
  // A subject the event shares with the alert; a member that differs between the events of one alert is an example.
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
      subjects: [of, ...examples.slice(-maxExamples)],
      // If nobody can be named, nobody can be held back.
      action: answer === 'throttle' && !more.throttled ? 'record' : answer,
      ...more,
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
