import type { Clock } from '@curfew/clock';
import {
  type OpenedTransmitter,
  pollLease,
  SetRefused,
  TransmitterChanged,
  type Transmitters,
} from '@curfew/events/transmitters';
import { isDatabaseUnavailable } from '@curfew/persistence';
import { isObject } from '@curfew/resource-server/jws';
import { limitedText, type outboundFetch } from '@curfew/token-endpoint/client';
import { type Kept, KeptRows } from '../kept-rows.js';
import type { PollTokens } from './poll-tokens.js';
import { readSet, type SignalIntake } from './signal-intake.js';
import { KeyNotYetKnown, KeysUnavailable } from './transmitter-keys.js';

/** Tokens that are asked for at once, and bytes of an answer. */
const maxEvents = 50;
const maxAnswerBytes = 4 * 1024 * 1024;
/** Transmitters that a node polls at a time. */
const atOnce = 4;
/** Questions of one run; the rest is asked for in the next one. */
const maxRounds = 10;
/** Milliseconds after which a run asks no further question. */
const longestRunMs = 60_000;
/** Milliseconds after which no answer is waited for, of the token endpoint or of the transmitter: another node takes over when the lease ends. */
const longestDeadlineMs = (pollLease - 20) * 1_000;

/** An answer that is none of RFC 8936. */
class UnreadablePoll extends Error {
  override readonly name = 'UnreadablePoll';
}

/** The error of a token that is told to its transmitter (RFC 8936 §2.6). */
interface SetError {
  readonly err: string;
  readonly description: string;
}

/** The answer to a transmitter about its tokens, beside how many more it may send. */
interface Told {
  readonly ack: readonly string[];
  readonly setErrs: Readonly<Record<string, SetError>>;
  /** Whether nothing more can be carried out now. */
  readonly isLast: boolean;
}

/** One run of questions to one transmitter. */
interface Run extends OpenedTransmitter {
  /** Ends the run: the process stops, or its time is up. */
  readonly signal: AbortSignal;
  /** Its time is up; until then it acknowledges its tokens. */
  readonly deadline: AbortSignal;
  /** Whether there is time for more. */
  readonly mayGoOn: () => boolean;
  /** Why tokens could not be carried out, by the ids under which they were sent: they are not asked for twice. */
  readonly failures: Map<string, unknown>;
}

/** The dependencies of polling. */
export interface PollParts {
  readonly transmitters: Pick<Transmitters, 'anyToPoll' | 'claim' | 'polled' | 'release'>;
  readonly intake: SignalIntake;
  readonly clock: Clock;
  readonly fetch: ReturnType<typeof outboundFetch>;
  readonly tokens: PollTokens;
  readonly intervalMs: number;
  /** Milliseconds of one run at most, where they are fewer than the lease leaves. */
  readonly deadlineMs?: number;
  readonly report: (error: unknown, id: string) => void;
}

/** Polls transmitters (RFC 8936): each by one node at a time, and acknowledges what was carried out. */
export class TransmitterPolls implements Kept {
  #isAny = false;
  readonly #rows = new KeptRows(async () => {
    this.#isAny = await this.parts.transmitters.anyToPoll();
  });

  constructor(private readonly parts: PollParts) {}

  /** A run costs no statement while no transmitter is polled. */
  load(): Promise<void> {
    return this.#rows.load();
  }

  /**
   * Polls those that are due, a few at a time, until none is or it is stopped: one that answers slowly holds few others up. It is over when all
   * of that is.
   */
  async run(signal: AbortSignal): Promise<void> {
    if (!this.#isAny) return;
    const all = await Promise.allSettled(Array.from({ length: atOnce }, () => this.#pollDue(signal)));
    const failed = all.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
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
    const { transmitters, clock, intervalMs, report, deadlineMs = longestDeadlineMs } = this.parts;
    const { transmitter } = opened;
    const began = performance.now();
    const mayGoOn = () => !signal.aborted && performance.now() - began <= longestRunMs;
    const failures: Run['failures'] = new Map();
    // One controller, which the signals that end it are heard by: see outboundFetch.
    const [ending, late] = [new AbortController(), new AbortController()];
    const stop = () => ending.abort();
    const timer = setTimeout(() => {
      late.abort();
      stop();
    }, deadlineMs);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    let fault: string | null = null;
    try {
      await this.#rounds({ ...opened, signal: ending.signal, deadline: late.signal, mayGoOn, failures });
    } catch (error) {
      // It was changed, so it is due anew; or this process stops, and another one goes on.
      if (error instanceof TransmitterChanged || signal.aborted)
        return transmitters.release(transmitter, clock.now());
      fault = faultOf(error, failures.size > 0 ? 'a token could not be carried out' : 'no answer');
      report(error, transmitter.id);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    }
    await transmitters.polled(transmitter, fault, clock.now(), intervalMs);
  }

  /** Asks until nothing waits, or often enough; tokens are carried out before a question acknowledges them. */
  async #rounds(run: Run): Promise<void> {
    let told: Told = { ack: [], setErrs: {}, isLast: false };
    for (let round = 1; round < maxRounds && run.mayGoOn() && !told.isLast; round += 1) {
      const answer = await this.#ask(run, told, maxEvents, run.signal);
      const sets = Object.entries(answer).slice(0, maxEvents);
      const untried = sets.filter(([jti]) => !run.failures.has(jti));
      told = await this.#take(run, untried);
      if (untried.length === 0) break;
    }
    if (told.ack.length > 0 || Object.keys(told.setErrs).length > 0)
      await this.#ask(run, told, 0, run.deadline);
    const [failure] = run.failures.values();
    // Those that were carried out are acknowledged; the others come again.
    if (failure !== undefined) throw failure;
  }

  /** Carries tokens out. One that cannot be now holds up none of the others, unless they would fail like it. @throws TransmitterChanged */
  async #take(run: Run, sets: readonly (readonly [string, unknown])[]): Promise<Told> {
    const ack: string[] = [];
    const setErrs = new Map<string, SetError>();
    const cameAt = this.parts.clock.now();
    let isLast = false;
    for (const [jti, text] of sets) {
      if (isLast || !run.mayGoOn()) break;
      try {
        const jws = readSet(typeof text === 'string' ? text : '');
        await this.parts.intake.take(run.transmitter, jws, cameAt, jti);
        ack.push(jti);
      } catch (error) {
        if (error instanceof TransmitterChanged) throw error;
        if (error instanceof SetRefused) setErrs.set(jti, { err: error.code, description: error.message });
        else run.failures.set(jti, error);
        isLast = isOfAll(error);
      }
    }
    return { ack, setErrs: Object.fromEntries(setErrs), isLast };
  }

  async #ask(
    opened: OpenedTransmitter,
    told: Told,
    most: number,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.#answer(opened, told, most, signal);
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new UnreadablePoll(`answered with ${response.status}`);
    }
    const answer = membersOf(await limitedText(response, maxAnswerBytes));
    if (!isObject(answer) || !isObject(answer['sets'] ?? {}))
      throw new UnreadablePoll('answered without sets');
    return (answer['sets'] ?? {}) as Readonly<Record<string, unknown>>;
  }

  /** A token may end before its time; another one is got once. One that was got for this question has not, and is forgotten all the same. */
  async #answer(opened: OpenedTransmitter, told: Told, most: number, signal: AbortSignal) {
    const { tokens } = this.parts;
    for (;;) {
      const header = await tokens.authorizationOf(opened, signal);
      const response = await this.#send(opened, header.authorization, told, most, signal);
      if (response.status !== 401 || !tokens.refused(opened.transmitter, header) || header.isNew)
        return response;
      await response.body?.cancel();
    }
  }

  #send(
    opened: OpenedTransmitter,
    authorization: string,
    { ack, setErrs }: Told,
    most: number,
    signal: AbortSignal,
  ) {
    return this.parts.fetch(opened.transmitter.endpointUrl!, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization },
      body: JSON.stringify({ ack, setErrs, maxEvents: most, returnImmediately: true }),
      signal,
    });
  }
}

/** Whether the next token would fail by the same cause: no keys, or no database. */
const isOfAll = (error: unknown): boolean =>
  error instanceof KeysUnavailable ? !(error instanceof KeyNotYetKnown) : isDatabaseUnavailable(error);

function membersOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadablePoll('answered with no JSON');
  }
}

/** A sentence for operators that repeats nothing of an answer. */
function faultOf(error: unknown, subject: string): string {
  const { name, message, code, cause: why } = error as Error & { code?: unknown };
  if (name === 'TokenUnavailable' && why !== undefined) return `${message}: ${faultOf(why, 'no answer')}`;
  if (['UnreadablePoll', 'KeysUnavailable', 'DocumentTooLarge', 'TokenUnavailable'].includes(name))
    return message;
  if (name === 'AbortError') return 'no answer in time';
  const cause = typeof code === 'string' && /^[A-Z_\d]{1,40}$/.test(code) ? code : name;
  return `${subject} (${cause})`;
}
