import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '@curfew/clock';
import { type Receiver, type ReceiversStore, type SignJwt } from '@curfew/events/delivery';
import {
  deliveryBehind,
  isExcluded,
  type PollStore,
  setAlgorithm,
  setClaims,
  setId,
} from '@curfew/events/streams';
import { malformedBody } from '@curfew/web';
import { objectOf } from './stream-wish.js';

/** Tokens in one answer, acknowledgements in one question. */
const maxAtOnce = 100;
const maxAcknowledged = 1_000;
/** A question that waits for something to happen gets an empty answer after so many milliseconds. */
const maxWaitMs = 20_000;
const lookIntervalMs = 500;
/** Questions that wait at a time, on one node. */
const maxWaiting = 50;

/** A token that is about no event and was asked for by the receiver. */
interface Verification {
  readonly jti: string;
  readonly token: string;
}

const verificationOf = ({ settings }: Receiver): Verification | undefined =>
  settings['verification'] as Verification | undefined;

interface Question {
  readonly maxEvents: number;
  readonly returnImmediately: boolean;
  readonly ack: readonly string[];
  readonly setErrs: readonly (readonly [string, string])[];
}

/** Poll delivery (RFC 8936): events that are not acknowledged are delivered again. */
export class Polling {
  #waiting = 0;

  constructor(
    private readonly issuer: string,
    private readonly store: PollStore,
    private readonly clock: Clock,
    private readonly sign: SignJwt,
    private readonly receivers: ReceiversStore,
  ) {}

  /** Takes acknowledgements, and answers with what waits. @throws ProblemError 400 */
  async answer(stream: Receiver, body: unknown, gone: () => boolean): Promise<object> {
    const question = read(body);
    await this.#acknowledge(stream, question);
    // RFC 8936 §2.2: maxEvents 0 is an acknowledgement without a question.
    if (question.maxEvents === 0 || stream.status !== 'enabled') return { sets: {}, moreAvailable: false };
    const began = performance.now();
    for (;;) {
      const found = await this.#find(stream, question.maxEvents, question.ack);
      const over = performance.now() - began > maxWaitMs || this.#waiting >= maxWaiting || gone();
      if (Object.keys(found.sets).length > 0 || question.returnImmediately || over) return found;
      this.#waiting += 1;
      await pause(lookIntervalMs, undefined, { ref: false }).finally(() => {
        this.#waiting -= 1;
      });
    }
  }

  async #acknowledge(stream: Receiver, { ack, setErrs }: Question): Promise<void> {
    await this.store.acknowledge(
      stream.id,
      ack.flatMap((jti) => deliveryBehind(jti) ?? []),
    );
    const verification = verificationOf(stream);
    if (verification && ack.includes(verification.jti))
      await this.receivers.keepVerification(stream.id, null);
    for (const [jti, cause] of setErrs) {
      const delivery = deliveryBehind(jti);
      if (delivery) await this.store.refuse(stream.id, delivery, `refused: ${cause}`, this.clock.now());
    }
  }

  async #find(stream: Receiver, most: number, acknowledged: readonly string[]) {
    const sets: Record<string, string> = {};
    const verification = verificationOf(stream);
    if (verification && !acknowledged.includes(verification.jti)) sets[verification.jti] = verification.token;
    const waiting = await this.store.waiting(stream.id, most + 1);
    const unsaid: string[] = [];
    const { aud, eventsRequested: requested } = stream.settings;
    const identity = { issuer: this.issuer, audience: String(aud), requested };
    const issuedAt = Math.floor(this.clock.now() / 1000);
    for (const { deliveryId, event } of waiting.slice(0, most)) {
      const jti = setId(deliveryId);
      const claims = isExcluded(stream.settings, event) ? null : setClaims(identity, jti, event, issuedAt);
      if (claims) sets[jti] = await this.sign('secevent+jwt', setAlgorithm, claims);
      else unsaid.push(deliveryId);
    }
    await this.store.acknowledge(stream.id, unsaid);
    return { sets, moreAvailable: waiting.length > most };
  }
}

function read(body: unknown): Question {
  const { maxEvents = maxAtOnce, returnImmediately = false, ack = [], setErrs = {} } = objectOf(body);
  if (typeof maxEvents !== 'number' || !Number.isInteger(maxEvents) || maxEvents < 0)
    throw malformedBody('maxEvents must be a whole number, 0 or more');
  if (typeof returnImmediately !== 'boolean') throw malformedBody('returnImmediately must be true or false');
  if (!Array.isArray(ack) || ack.length > maxAcknowledged || !ack.every((jti) => typeof jti === 'string'))
    throw malformedBody(`ack must be a list of at most ${maxAcknowledged} ids`);
  const errors = Object.entries(objectOf(setErrs));
  if (errors.length > maxAcknowledged) throw malformedBody('setErrs has too many members');
  return {
    maxEvents: Math.min(maxEvents, maxAtOnce),
    returnImmediately,
    ack: ack as string[],
    setErrs: errors.map(([jti, error]) => [jti, codeOf(error)] as const),
  };
}

/** An error code of RFC 8935 §2.4; other text from a receiver is not kept. */
function codeOf(error: unknown): string {
  const { err } = (error ?? {}) as { err?: unknown };
  return typeof err === 'string' && /^[a-z_]{1,40}$/.test(err) ? err : 'unspecified';
}
