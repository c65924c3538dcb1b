import { randomBytes } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Clock } from '@curfew/clock';
import { type Instant, instant } from '@curfew/session-policy';
import type { NewEvent } from '../event-log.js';
import { nextAttempt, type RetryPatience } from './backoff.js';
import type { Compose, ReceiverKind, Send, TakenDelivery } from './delivery.js';
import type { DeliveryStore } from './delivery.store.js';

/** The parts of a courier. */
export interface CourierParts {
  readonly store: DeliveryStore;
  readonly clock: Clock;
  readonly compose: Readonly<Partial<Record<ReceiverKind, Compose>>>;
  readonly send: Send;
  readonly patience: RetryPatience;
  /** Milliseconds one attempt may take. */
  readonly timeoutMs: number;
  /** Hears of every attempt; for counting. */
  readonly attempted?: (kind: ReceiverKind, outcome: AttemptOutcome, eventAt: Instant) => void;
  /** Hears of what could not be written down; the delivery is then tried again. */
  readonly report: (error: unknown) => void;
}

/** How an attempt ended. */
export type AttemptOutcome = 'delivered' | 'failed' | 'dead';

/** Events handed on in one transaction. */
const batch = 500;
/** Requests one node has under way, and how many of them to one receiver: one that hangs costs nobody else anything. */
const maxUnderWay = 64;
const maxPerReceiver = 4;

/** `refused`: the receiver has read the request and does not want it, so sending it again changes nothing. */
type Verdict =
  | { readonly done: true }
  | { readonly cause: string; readonly askedMs: number; readonly refused?: boolean };

/** Delivers from the outbox. Any number of nodes may do so at once; none ever waits for another. */
export class Courier {
  readonly #parts: CourierParts;
  readonly #underWay = new Map<Promise<void>, string>();
  readonly #stopping = new AbortController();

  constructor(parts: CourierParts) {
    this.#parts = parts;
    // Every attempt under way listens for the stop.
    setMaxListeners(maxUnderWay, this.#stopping.signal);
  }

  /** Hands on new events, and begins to deliver what is due. Returns before the deliveries are done; call it often. */
  async run(): Promise<void> {
    const { store, clock } = this.#parts;
    const { events, due } = await store.look(clock.now());
    if (events) while ((await store.handOn(clock.now(), batch)) === batch && !this.#stopping.signal.aborted);
    if (events || due) await this.#begin();
  }

  /** Runs until nothing is due and nothing is under way. */
  async drain(): Promise<void> {
    do {
      await Promise.all(this.#underWay.keys());
      await this.run();
    } while (this.#underWay.size > 0);
  }

  /** Breaks off what is under way, which is then tried again by whoever is there, and waits for it. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#underWay.keys());
  }

  async #begin(): Promise<void> {
    const { store, clock, timeoutMs } = this.#parts;
    const room = maxUnderWay - this.#underWay.size;
    if (room <= 0 || this.#stopping.signal.aborted) return;
    const now = clock.now();
    const taken = await store.take({
      now,
      lostAt: instant(now + 3 * timeoutMs),
      most: room,
      maxPerReceiver,
      except: this.#busy(),
    });
    for (const delivery of taken) {
      const attempt: Promise<void> = this.#attempt(delivery)
        .catch(this.#parts.report)
        .finally(() => this.#underWay.delete(attempt));
      this.#underWay.set(attempt, delivery.target.id);
    }
  }

  #busy(): string[] {
    const counts = new Map<string, number>();
    for (const receiver of this.#underWay.values()) counts.set(receiver, (counts.get(receiver) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= maxPerReceiver).map(([receiver]) => receiver);
  }

  async #attempt(delivery: TakenDelivery): Promise<void> {
    const { store, clock, patience, attempted } = this.#parts;
    const { target, event, attempt } = delivery;
    const verdict = await this.#send(delivery);
    if ('done' in verdict) {
      await store.delivered(delivery);
      attempted?.(target.kind, 'delivered', event.at);
      return;
    }
    const now = clock.now();
    const again = verdict.refused
      ? null
      : nextAttempt(attempt, now, Math.random(), patience, verdict.askedMs);
    if (again === null) await store.died(delivery, verdict.cause, now, failure(delivery, verdict.cause, now));
    else await store.failed(delivery, verdict.cause, again);
    attempted?.(target.kind, again === null ? 'dead' : 'failed', event.at);
  }

  async #send(delivery: TakenDelivery): Promise<Verdict> {
    const { compose, send, clock, timeoutMs } = this.#parts;
    const { target } = delivery;
    // One controller for both reasons: signals composed by AbortSignal.any may be collected before they fire (Node 20).
    const ending = new AbortController();
    const stop = (): void => ending.abort();
    this.#stopping.signal.addEventListener('abort', stop, { once: true });
    if (this.#stopping.signal.aborted) stop();
    const late = setTimeout(() => ending.abort(new DOMException('too slow', 'TimeoutError')), timeoutMs);
    try {
      if (target.address === null) return { cause: 'no address', askedMs: 0 };
      const composer = compose[target.kind];
      if (!composer) return { cause: 'not delivered by this node', askedMs: 0 };
      const request = await composer(delivery, clock.now());
      if (request === null) return { done: true };
      const { headers, body } = request;
      const init = { method: 'POST', headers: { ...headers }, body, signal: ending.signal };
      const answer = await send(target.address, init);
      // The body of the response is not read, because its size is not bounded.
      await answer.body?.cancel();
      return verdictOf(answer, target.kind);
    } catch (error) {
      return { cause: causeOf(ending.signal.aborted ? ending.signal.reason : error), askedMs: 0 };
    } finally {
      clearTimeout(late);
      this.#stopping.signal.removeEventListener('abort', stop);
    }
  }
}

function verdictOf({ status, headers }: Response, kind: ReceiverKind): Verdict {
  // RFC 8935 §2.2: a pushed token is acknowledged by 202 and nothing else.
  if (kind === 'set_push' ? status === 202 : status >= 200 && status < 300) return { done: true };
  const asked = Number(headers.get('retry-after') ?? 0);
  const cause = status >= 300 && status < 400 ? `redirect ${status} not followed` : `status ${status}`;
  return {
    cause,
    askedMs: Number.isFinite(asked) && asked > 0 ? asked * 1000 : 0,
    refused: kind !== 'webhook' && isRefusal(status),
  };
}

/** Answers of the 400s that are no word about the request itself: wrong address for now, too slow, wrong server, too early, too often. */
const deliveryProblems = new Set([404, 408, 421, 425, 429]);

/**
 * Whether a receiver that speaks one of the standards has refused the token for good. Only problems of delivery are tried again
 * (OpenID Connect Back-Channel Logout 1.0 §2.5 and §2.8, RFC 8935 §2). A webhook has no such rule: its owner repairs it, and it is
 * tried meanwhile.
 */
const isRefusal = (status: number): boolean => status >= 400 && status < 500 && !deliveryProblems.has(status);

/** A failure in a few words that hold nothing a receiver wrote. */
function causeOf(error: unknown): string {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  if (name === 'TimeoutError') return 'timeout';
  const told = [code, name].find((one) => typeof one === 'string');
  return String(told ?? 'failed').slice(0, 60);
}

/** The event of a dead letter. That one could not be told of another dead letter is not told: two dead receivers would never stop. */
function failure({ target, event, attempt }: TakenDelivery, cause: string, now: Instant): NewEvent[] {
  if (event.type === 'delivery.failed') return [];
  const { sessionId, accountId, clientId } = event;
  const data = { endpoint: target.id, eventId: event.id, attempts: attempt, cause };
  return [{ id: newEventId(now), at: now, type: 'delivery.failed', sessionId, accountId, clientId, data }];
}

/** A UUIDv7 (RFC 9562 §5.7). */
export function newEventId(now: Instant): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(now, 0, 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
