import type { Seconds } from '@curfew/session-policy';
import type { Account } from './account.js';
import type { Settlement } from './throttle-statements.js';

/** An attempt to sign in: username, password, and the network it came from. */
export interface PasswordAttempt {
  readonly username: string;
  readonly password: string;
  /** The client's network, e.g. its /24 or /64 prefix. */
  readonly networkKey: string;
  /** Random value of a long-lived cookie, set (new or again) when a sign-in succeeds. */
  readonly deviceKey?: string | undefined;
  /** Whether the caller writes what a success settles together with the sign-in itself. */
  readonly settlesWithSignIn?: boolean;
}

/**
 * The outcome of verifying a password. To people `invalid` must look the same whatever its cause, which is for the log:
 * a disabled account is told apart only after its password was found to be right.
 */
export type PasswordVerdict =
  | {
      readonly kind: 'ok';
      readonly account: Account;
      /** Throttle changes to write in the transaction of the sign-in; the sign-in must not succeed without them. */
      readonly settlement?: Settlement;
    }
  | {
      readonly kind: 'invalid';
      readonly cause: 'unknown_account' | 'wrong_password' | 'account_disabled';
      readonly accountId: string | null;
    }
  | { readonly kind: 'throttled'; readonly retryAfter: Seconds }
  | { readonly kind: 'overloaded'; readonly retryAfter: Seconds };
