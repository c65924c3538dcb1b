import type { Instant } from '@curfew/session-policy';
import {
  type AuthenticationContext,
  type AuthenticationMethod,
  contextOf,
  methodsTogether,
} from '@curfew/session-policy/authentication';

/** A person who signs in. The password hash is not part of it. */
export interface Account {
  /** UUID; the `sub` of its tokens. */
  readonly id: string;
  readonly username: string;
  readonly passwordChangedAt: Instant;
  /** Whether the next sign-in must choose a new password before it is completed. */
  readonly mustChangePassword: boolean;
  readonly disabledAt: Instant | null;
  /** Made at the first start for trying things out; refused in production. */
  readonly firstRun: boolean;
  readonly createdAt: Instant;
  /** The kinds of second factors the account has. */
  readonly secondFactors: readonly SecondFactor[];
  /** Whether the person wants to be asked for a second step at every sign-in, and not only where it is demanded. */
  readonly secondStepAlways: boolean;
}

/** A kind of second factor: an authenticator app, or a passkey, which is a way in by itself as well. */
export type SecondFactor = 'totp' | 'passkey';

/** The names under which a person is known to applications. */
export interface AccountNames extends Pick<Account, 'username'> {
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly displayName: string | null;
  readonly groups: readonly string[];
}

/** One page of accounts in the order of their usernames; `next` is the `after` of the following page. */
export interface AccountPage {
  readonly accounts: readonly Account[];
  readonly next: string | null;
}

/**
 * Whether a right password is followed by a second step, whatever is demanded. One that is to be replaced always is, because its thief would
 * choose the new one.
 */
export const asksSecondStep = ({ secondFactors, secondStepAlways, mustChangePassword }: Account): boolean =>
  secondFactors.length > 0 && (secondStepAlways || mustChangePassword);

/**
 * How a person proves themselves with each kind of factor (RFC 8176). A passkey verified the person each time, so it is two factors; nobody
 * can tell without attestation whether its key is in hardware, so the weaker word is said.
 */
export const methodsOfFactor: Readonly<Record<SecondFactor, readonly AuthenticationMethod[]>> = {
  totp: ['otp'],
  passkey: ['swk', 'user', 'mfa'],
};

/** The context class of a sign-in that proved these methods, once these factors are shown as well; undefined where nothing is known. */
export const contextWith = (
  proved: readonly string[],
  factors: readonly SecondFactor[],
): AuthenticationContext | undefined =>
  contextOf(methodsTogether(proved, ...factors.map((factor) => methodsOfFactor[factor])));

/** The strongest context class that an account can prove with the factors it has. */
export const reachableContext = ({ secondFactors }: Pick<Account, 'secondFactors'>): AuthenticationContext =>
  secondFactors.includes('passkey')
    ? 'phr'
    : secondFactors.length > 0
      ? 'urn:curfew:acr:mfa'
      : 'urn:curfew:acr:sfa';
