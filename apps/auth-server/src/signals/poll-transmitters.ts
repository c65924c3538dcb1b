import type { Clock } from '@curfew/clock';
import { type OpenedTransmitter, SetRefused, type Transmitters } from '@curfew/events/transmitters';
import { isObject } from '@curfew/resource-server/jws';
import { limitedText, type outboundFetch } from '@curfew/token-endpoint/client';
import { readSet, type SignalIntake } from './signal-intake.js';

/** Tokens that are asked for at once, and bytes of an answer. */
const maxEvents = 50;
const maxAnswerBytes = 4 * 1024 * 1024;
/** Transmitters that a node polls at a time. */
const atOnce = 4;
/** Questions of one run; the rest is asked for in the next one. */
const maxRounds = 10;
/** Milliseconds after which a run asks no further question: another node may take over when its lease ends. */
const longestRunMs = 60_000;

/** An answer that is none of RFC 8936. */
class UnreadablePoll extends Error {
  override readonly name = 'UnreadablePoll';
}

/** The error of a token that is told to its transmitter (RFC 8936 §2.6). */
interface SetError {
  readonly err: string;
  readonly description: string;
}

/** The dependencies of polling. */
export interface PollParts {
  readonly transmitters: Pick<Transmitters, 'claim' | 'polled'>;
  readonly intake: SignalIntake;
  readonly clock: Clock;
  readonly fetch: ReturnType<typeof outboundFetch>;
  readonly intervalMs: number;
  readonly report: (error: unknown, id: string) => void;
}

/** Polls transmitters (RFC 8936): each by one node at a time, and acknowledges what was carried out. */
export class TransmitterPolls {
  constructor(private readonly parts: PollParts) {}

  /** Polls those that are due, a few at a time, until none is or it is stopped: one that answers slowly holds few others up. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: atOnce }, () => this.#pollDue(signal)));
  }

  async #pollDue(signal: AbortSignal): Promise<void> {
    const { transmitters, clock } = this.parts;
    while (!signal.aborted) {
      const opened = await transmitters.claim(clock.now());
      if (!opened) return;
      await this.#poll(opened, signal);
    }
  }

  async #poll(opened: OpenedTransmitter, signal: AbortSignal): Promise<void> {
    const { transmitters, clock, intervalMs, report } = this.parts;
    const { id } = opened.transmitter;
    let fault: string | null = null;
    try {
      await this.#rounds(opened, signal);
    } catch (error) {
      fault = faultOf(error);
      report(error, id);
    }
    await transmitters.polled(id, fault, clock.now(), intervalMs);
  }

  /** Asks until nothing waits, or often enough; tokens are carried out before a question acknowledges them. */
  async #rounds(opened: OpenedTransmitter, signal: AbortSignal): Promise<void> {
    const began = performance.now();
    let ack: readonly string[] = [];
    let setErrs: Readonly<Record<string, SetError>> = {};
    for (let round = 1; ; round += 1) {
      const isLast = round >= maxRounds || performance.now() - began > longestRunMs || signal.aborted;
      const answer = await this.#ask(opened, { ack, setErrs, maxEvents: isLast ? 0 : maxEvents });
      if (isLast) return;
      const sets = Object.entries(answer).slice(0, maxEvents);
      if (sets.length === 0) return;
      const taken = await this.#take(opened, sets);
      ack = taken.ack;
      setErrs = taken.setErrs;
      if (taken.failure === undefined) continue;
      // Those that were carried out are acknowledged; the others come again.
      await this.#ask(opened, { ack, setErrs, maxEvents: 0 });
      throw taken.failure;
    }
  }

  async #take({ transmitter }: OpenedTransmitter, sets: readonly (readonly [string, unknown])[]) {
    const ack: string[] = [];
    const setErrs: Record<string, SetError> = {};
    for (const [jti, text] of sets) {
      try {
        await this.parts.intake.take(transmitter, readSet(typeof text === 'string' ? text : ''), jti);
        ack.push(jti);
      } catch (failure) {
        if (!(failure instanceof SetRefused)) return { ack, setErrs, failure };
        setErrs[jti] = { err: failure.code, description: failure.message };
      }
    }
    return { ack, setErrs, failure: undefined };
  }

  async #ask(
    { transmitter, authorization }: OpenedTransmitter,
    question: { readonly ack: readonly string[]; readonly setErrs: object; readonly maxEvents: number },
  ): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.parts.fetch(transmitter.endpointUrl!, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization },
      body: JSON.stringify({ ...question, returnImmediately: true }),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new UnreadablePoll(`answered with ${response.status}`);
    }
    const answer = membersOf(await limitedText(response, maxAnswerBytes));
    if (!isObject(answer) || !isObject(answer['sets'] ?? {}))
      throw new UnreadablePoll('answered without sets');
    return (answer['sets'] ?? {}) as Readonly<Record<string, unknown>>;
  }
}

function membersOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadablePoll('answered with no JSON');
  }
}

/** A sentence for operators that repeats nothing of an answer. */
function faultOf(error: unknown): string {
  const { name, message, code } = error as Error & { code?: unknown };
  if (['UnreadablePoll', 'KeysUnavailable', 'DocumentTooLarge'].includes(name)) return message;
  if (name === 'AbortError') return 'no answer in time';
  return typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code)
    ? `no answer (${code})`
    : `no answer (${name})`;
}
