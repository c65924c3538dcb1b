import type { Clock } from '@curfew/clock';
import { nextAttempt, type RetryPatience } from '@curfew/events/delivery';
import { instant } from '@curfew/session-policy';
import type { Letter, TakenMail } from './mail.js';
import type { MailStore } from './mail.store.js';
import { failureOf, type Transport } from './transport.js';

/** The outcome of one mail at one attempt. */
export type MailOutcome = 'sent' | 'failed' | 'refused' | 'expired' | 'unaddressed';

/** The dependencies of MailSender. */
export interface MailSenderParts {
  readonly store: MailStore;
  readonly clock: Clock;
  /** Writes the letter; null where there is nobody to write to. */
  readonly compose: (mail: TakenMail) => Promise<Letter | null>;
  /** Null where letters are kept for the mailbox of development. */
  readonly transport: Transport | null;
  /** Hears of each attempt; `cause` is of a failed one. */
  readonly attempted: (kind: string, outcome: MailOutcome, cause?: string) => void;
}

/** Mails that one round takes at most. */
const maxTaken = 10;
/** An attempt that nobody has reported about for so many milliseconds is lost. */
const lostAfterMs = 120_000;

/** Mail is worth something for hours at most, so the pauses stay short; its expiry ends the attempts. */
const patience: RetryPatience = { firstMs: 5_000, longestMs: 300_000, maxAttempts: Number.MAX_SAFE_INTEGER };

/** Sends the mail that is due. Any node may do it: each mail is taken by one of them. */
export class MailSender {
  constructor(private readonly parts: MailSenderParts) {}

  /** Sends one round; how many mails it took. */
  async run(): Promise<number> {
    const { store, clock } = this.parts;
    const now = clock.now();
    const taken = await store.take(now, instant(now + lostAfterMs), maxTaken);
    await Promise.all(taken.map((mail) => this.#send(mail)));
    return taken.length;
  }

  /** Closes the connections to the mail server. */
  close(): void {
    this.parts.transport?.close();
  }

  async #send(mail: TakenMail): Promise<void> {
    const { store, clock, attempted } = this.parts;
    try {
      const outcome = await this.#attempt(mail);
      attempted(mail.kind, outcome);
    } catch (error) {
      const { cause, isFinal } = failureOf(error);
      attempted(mail.kind, isFinal ? 'refused' : 'failed', cause);
      if (isFinal) return store.remove(mail);
      const again = nextAttempt(mail.attempt, clock.now(), Math.random(), patience)!;
      await store.failed(mail, cause, again);
    }
  }

  async #attempt(mail: TakenMail): Promise<MailOutcome> {
    const { store, clock, compose, transport } = this.parts;
    const isExpired = mail.expiresAt <= clock.now();
    const letter = isExpired ? null : await compose(mail);
    if (letter && !transport) {
      await store.keep(mail, letter, clock.now());
      return 'sent';
    }
    if (letter) await transport!.send(letter);
    await store.remove(mail);
    return letter ? 'sent' : isExpired ? 'expired' : 'unaddressed';
  }
}
