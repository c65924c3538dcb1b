import { type Instant, type Seconds, seconds } from '@curfew/session-policy';

/** The kinds of mail, each with the seconds after which it is worth nothing any more. */
export const mailLifetimes = {
  forgotten_password: seconds(20 * 60),
  invitation: seconds(3 * 86_400),
  email_verification: seconds(86_400),
  email_change: seconds(86_400),
  email_change_asked: seconds(86_400),
  email_changed: seconds(3 * 86_400),
  new_sign_in: seconds(86_400),
  security_change: seconds(3 * 86_400),
} as const satisfies Readonly<Record<string, Seconds>>;

/** One of these kinds. */
export type MailKind = keyof typeof mailLifetimes;

/** The facts that a letter is written from. They hold no secret: links are made when the mail is sent. */
export type MailFacts = Readonly<Record<string, string | number | null>>;

/** Mail that is to be sent. */
export interface NewMail {
  /** A UUID; the same one twice is the same mail. */
  readonly id: string;
  readonly kind: MailKind;
  /** Null where it is not known yet whose it is: a forgotten password is asked for by a name. */
  readonly accountId: string | null;
  readonly facts: MailFacts;
}

/** Mail that was taken to be sent. */
export interface TakenMail extends NewMail {
  readonly attempt: number;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
}

/** A letter as the person reads it. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** How much mail waits. */
export interface MailDepth {
  readonly waiting: number;
  /** Those that could not be sent at least once: the server is away, or refuses. */
  readonly failing: number;
  /** Milliseconds since the oldest was written. */
  readonly oldestMs: number;
  /** The fault of the latest failed attempt, in a few words that hold no address. */
  readonly lastCause: string | null;
}
