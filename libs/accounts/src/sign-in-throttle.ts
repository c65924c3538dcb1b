import { type Seconds, seconds } from '@curfew/session-policy';
import type { Account } from './account.js';
import type { FoundForSignIn } from './account-row.js';
import { type Counters, type Throttle, type ThrottleLimit, throttleKey } from './throttle.store.js';
import type { Settlement } from './throttle-statements.js';

/*
 * How password guessing is slowed down without giving anybody a means to lock others out.
 *
 * Attempts are counted before the password is hashed, in this order, and the first counter that is full refuses:
 *   1. the account from one place, in a short window;
 *   2. the network, over all accounts (one password tried on many names);
 *   3. the lane: consecutive failures, at most 100 (NIST SP 800-63B-4 §3.2.2), then one attempt per quarter of an hour.
 * A place is a browser that signed in to this account before, else the network of the request. Places where the account
 * signed in lately are familiar, and each has a lane of its own; all other places of the world share one lane.
 * So a stranger, or a thousand of them, fill the strangers' lane only: the owner goes on signing in where they always do,
 * and even among strangers the account is slowed down, never locked. A success clears only the lane it came through, as
 * NIST says ("from the same IP address"): the owner's daily sign-in does not hand a guesser a hundred new attempts.
 * Codes of the second step are counted in the same way, under keys of their own (ADR 78).
 */

/** The figures of the sign-in throttle. */
export interface SignInLimits {
  readonly place: ThrottleLimit;
  readonly network: ThrottleLimit;
  readonly lane: ThrottleLimit;
  readonly slowLane: ThrottleLimit;
  /** How long a place stays familiar after the last success there, in seconds. */
  readonly familiarFor: Seconds;
}

const minutes = (count: number): Seconds => seconds(count * 60);
const days = (count: number): Seconds => minutes(count * 24 * 60);

/** The default limits. */
export const defaultSignInLimits: SignInLimits = {
  place: { count: 10, window: minutes(15) },
  network: { count: 100, window: minutes(15) },
  lane: { count: 100, window: days(30) },
  slowLane: { count: 1, window: minutes(15) },
  familiarFor: days(90),
};

/** The account and the network of an attempt to sign in. */
export interface SignInAttempt {
  /** As it was typed. */
  readonly username: string;
  /** Normalised; null for what is no username at all. */
  readonly name: string | null;
  /** The client's network, e.g. its /24 or /64 prefix. */
  readonly networkKey: string;
  /** A random value the sign-in page keeps in a long-lived cookie; believed only after a success with it. */
  readonly deviceKey?: string | undefined;
}

/** An attempt that was let through. A success and an attempt that compared nothing are reported by one of these; a failure is counted already. */
export interface AdmittedAttempt {
  readonly admitted: true;
  /** The account that is tried, if there is one. */
  readonly found: FoundForSignIn | null;
  /**
   * The changes after a right password, to write with the sign-in: they clear the failures of this network and device and remember
   * both.
   */
  settlement(proved: FoundForSignIn): Settlement;
  /** The same, written now unless the account was changed or disabled while the password was compared. The account as it is now. */
  succeeded(proved: FoundForSignIn): Promise<FoundForSignIn | null>;
  /** No password was compared: takes the count back. */
  abandoned(): Promise<void>;
}

/** Whether a sign-in attempt may reach the password hash. */
export type Admission = AdmittedAttempt | { readonly admitted: false; readonly retryAfter: Seconds };

/** Decides which sign-in attempts may reach the password hash. */
export class SignInThrottle {
  constructor(
    private readonly throttle: Throttle,
    private readonly limits: SignInLimits = defaultSignInLimits,
  ) {}

  async admit(attempt: SignInAttempt): Promise<Admission> {
    const counters = this.countersOf(attempt);
    const { familiar } = counters;
    const met = await this.throttle.takeInOrder(counters, attempt.name);
    if (!met.verdict.allowed) return { admitted: false, retryAfter: met.verdict.retryAfter };
    const settlement = (proved: FoundForSignIn) =>
      this.throttle.settlement(met, proved, familiar, this.limits.familiarFor);
    return {
      admitted: true,
      found: met.found,
      settlement,
      succeeded: (proved) => this.throttle.settle(settlement(proved)),
      abandoned: async () => {
        const taken = [met.place, met.network, met.inSlowLane ? met.slowLane : met.lane];
        for (const { key, limit } of taken) await this.throttle.giveBack(key, limit);
      },
    };
  }

  /** Forgets the failures of strangers at both steps, so that they are let through at the usual pace again. */
  async forgive({ id, username }: Pick<Account, 'id' | 'username'>): Promise<void> {
    const lanes = [
      ['sign-in', username],
      ['second-step', id],
    ] as const;
    for (const [step, whose] of lanes)
      for (const lane of ['lane', 'slow-lane'])
        await this.throttle.reset(throttleKey(`${step}-${lane}`, 'strangers', whose));
  }

  private countersOf({ name, username, networkKey, deviceKey }: SignInAttempt): Counters {
    return countersOf('sign-in', { whose: name ?? username, networkKey, deviceKey }, this.limits);
  }
}

/** Whom an attempt is counted for, and the place that it came from. */
interface CountedFor {
  /** The account, or the name where there may be none. */
  readonly whose: string;
  readonly networkKey: string;
  readonly deviceKey?: string | undefined;
}

/** Names of the marks of familiar places; proving one step makes no place familiar for the other. */
const familiarities = { 'sign-in': 'familiar', 'second-step': 'second-step-familiar' } as const;

/** The counters that an attempt at a step of a sign-in meets. */
export function countersOf(
  step: keyof typeof familiarities,
  { whose, networkKey, deviceKey }: CountedFor,
  { place, network, lane, slowLane }: SignInLimits,
): Counters {
  const places = [['network', whose, networkKey]];
  if (deviceKey !== undefined) places.push(['device', whose, deviceKey]);
  const lanes = [['strangers', whose], ...places];
  const keys = (counter: string, counted: readonly string[][]) =>
    counted.map((who) => throttleKey(`${step}-${counter}`, ...who));
  return {
    familiar: places.map(([kind, ...who]) => throttleKey(`${familiarities[step]}-${kind}`, ...who)),
    place: { keys: keys('place', places), limit: place },
    network: { key: throttleKey(`${step}-network`, networkKey), limit: network },
    lane: { keys: keys('lane', lanes), limit: lane },
    slowLane: { keys: keys('slow-lane', lanes), limit: slowLane },
  };
}
