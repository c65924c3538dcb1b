import type { Clock } from '@curfew/clock';
import type { PrismaService, Transaction } from '@curfew/persistence';
import { type Instant, type Seconds, seconds } from '@curfew/session-policy';
import type { Account } from '../account.js';
import { countersOf, defaultSignInLimits } from '../sign-in-throttle.js';
import type { Throttle } from '../throttle.store.js';
import { FactorStore } from './factor.store.js';
import { type Authenticators, authenticatorsOf, requireAuthenticators } from './factor-lock.js';
import { newSharedSecret, provisioningUri, timeStepOf } from './one-time-password.js';
import type { NewPasskey, Passkey, RemovedPasskey } from './passkey.store.js';
import type { PasskeyFault, Passkeys, TypedAnswer } from './passkeys.js';
import { newRecoveryCodes, readRecoveryCode, recoveryCodeHash } from './recovery-codes.js';
import { RememberedBrowsers } from './remembered-browsers.js';

/** Keeps the shared secrets of authenticator apps under a service key. */
export interface FactorSeal {
  /** Sealed bytes that open only beside the same `context`. */
  close(secret: string, context: string): Uint8Array;
  /** The secret, or undefined when its key is gone. */
  open(sealed: Uint8Array, context: string): string | undefined;
}

/** Dependencies of SecondFactors. */
export interface SecondFactorsParts {
  readonly prisma: PrismaService;
  readonly clock: Clock;
  readonly throttle: Throttle;
  readonly passkeys: Passkeys;
  readonly seal: FactorSeal;
  /** Keys of the hashes of recovery codes, newest first. */
  readonly codeKeys: readonly Uint8Array[];
  /** The name under which authenticator apps list the account. */
  readonly issuer: string;
}

/** The second factors of an account, for people who look at them. */
export interface SecondFactorState {
  readonly totp: { readonly createdAt: Instant; readonly lastUsedAt: Instant | null } | null;
  readonly passkeys: readonly Passkey[];
  readonly recoveryCodes: number;
}

/** A code that was typed at the second step. */
export interface SecondStepAttempt {
  readonly typed: string;
  /** Whether nothing but a recovery code is taken: a password of the app is as wrong as any other text, and is not used up. */
  readonly recoveryOnly?: boolean;
  /** The network it came from. */
  readonly networkKey: string;
  /** The random value of the browser's long-lived cookie; believed only after a right code with it. */
  readonly deviceKey?: string | undefined;
}

/** The first password of a new app, and the browser session that was shown its secret. */
export interface ShownPassword {
  readonly account: Account;
  readonly binding: string;
  readonly typed: string;
}

/** The outcome of a second step. */
export type SecondStepVerdict =
  | { readonly kind: 'ok'; readonly by: 'totp' | 'recovery_code' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'throttled'; readonly retryAfter: Seconds };

/** Seconds that a person has to show the first password of a new app. */
const setUpWithin = seconds(600);

/** A new passkey, and the recovery codes that came with it where the account had no factor before. */
export interface AddedPasskey {
  readonly isPlatform: boolean;
  readonly codes: readonly string[] | null;
}

/** Second factors of accounts: authenticator apps (RFC 6238), passkeys and recovery codes. */
export class SecondFactors {
  /** The browsers in which people are spared the second step at the sign-in. */
  readonly browsers: RememberedBrowsers;
  readonly #store: FactorStore;

  constructor(private readonly parts: SecondFactorsParts) {
    this.#store = new FactorStore(parts.prisma);
    this.browsers = new RememberedBrowsers(parts.prisma);
  }

  async state(accountId: string): Promise<SecondFactorState> {
    const [totp, passkeys, recoveryCodes] = await Promise.all([
      this.#store.totp(accountId),
      this.parts.passkeys.ofAccount(accountId),
      this.#store.countCodes(accountId),
    ]);
    const { confirmedAt, lastUsedAt } = totp ?? { confirmedAt: null, lastUsedAt: null };
    const app = confirmedAt === null ? null : { createdAt: confirmedAt, lastUsedAt };
    return { totp: app, passkeys, recoveryCodes };
  }

  /** The authenticators that the account has now. @throws AccountError */
  authenticators(accountId: string): Promise<Authenticators> {
    return authenticatorsOf(accountId, this.parts.prisma);
  }

  /** Lets a change go on only if the account has the authenticators that the person's proof covered. @throws AccountError */
  require(accountId: string, version: string, tx: Transaction): Promise<void> {
    return requireAuthenticators(accountId, version, tx);
  }

  /**
   * Makes a secret for an authenticator app that waits for its first password; false where the account has an app already. Nobody but the
   * browser session named as `binding` is shown the secret.
   */
  async propose({ id }: Account, binding: string): Promise<boolean> {
    const sealed = this.parts.seal.close(newSharedSecret(), contextOfProposal(id, binding));
    return this.#store.propose(id, sealed, this.parts.clock.now());
  }

  /** The secret that waits, for the page that shows it; null where none does, or for too long. */
  async proposed(
    { id, username }: Account,
    binding: string,
    tx?: Transaction,
  ): Promise<{ secret: string; uri: string } | null> {
    const totp = await this.#store.totp(id, tx);
    const now = this.parts.clock.now();
    if (!totp || totp.confirmedAt !== null || now - totp.createdAt >= setUpWithin * 1000) return null;
    const secret = this.parts.seal.open(totp.secret, contextOfProposal(id, binding));
    return secret === undefined
      ? null
      : { secret, uri: provisioningUri(secret, this.parts.issuer, username) };
  }

  /** Takes the app into use, if this is a password of it; null where it is not. The codes are there where it is the first factor. */
  async confirm(
    { account, binding, typed }: ShownPassword,
    tx: Transaction,
  ): Promise<{ readonly codes: readonly string[] | null } | null> {
    const now = this.parts.clock.now();
    const proposed = await this.proposed(account, binding, tx);
    const step = proposed && timeStepOf(typed.replaceAll(/\s/g, ''), proposed.secret, now);
    if (!proposed || step === null) return null;
    const secret = this.parts.seal.close(proposed.secret, contextOfSeal(account.id));
    const isConfirmed = await this.#store.confirm(account.id, { secret, step, now, within: setUpWithin }, tx);
    return isConfirmed ? { codes: await this.#firstCodes(account.id, tx) } : null;
  }

  /** Verifies a new passkey, outside of the transaction that keeps it; why not, where it is none. */
  makePasskey(
    shown: TypedAnswer & { readonly account: Account; readonly name: string },
  ): Promise<NewPasskey | PasskeyFault> {
    return this.parts.passkeys.make(shown);
  }

  /** Keeps a new passkey that was verified; why not, where it was not kept. */
  async addPasskey(made: NewPasskey, tx: Transaction): Promise<AddedPasskey | PasskeyFault> {
    if (!(await this.parts.passkeys.keep(made, tx))) return 'too_many';
    const { accountId, isPlatform } = made;
    await this.#store.tellKinds(accountId, this.parts.clock.now(), tx);
    return { isPlatform, codes: await this.#firstCodes(accountId, tx) };
  }

  /** Removes one passkey; undefined where the account has none of that id. */
  async removePasskey(accountId: string, id: string, tx: Transaction): Promise<RemovedPasskey | undefined> {
    const [removed] = await this.parts.passkeys.remove(accountId, id, tx);
    if (removed) await this.#tellRemoved(accountId, tx);
    return removed;
  }

  /** Removes the app; false where there was none. */
  async removeApp(accountId: string, tx: Transaction): Promise<boolean> {
    const isRemoved = await this.#store.removeTotp(accountId, tx);
    if (isRemoved) await this.#tellRemoved(accountId, tx);
    return isRemoved;
  }

  /** New recovery codes in place of the old ones; null where the account has no factor, also none any more. */
  async renewCodes(accountId: string, tx: Transaction): Promise<readonly string[] | null> {
    const codes = newRecoveryCodes();
    const [key] = this.parts.codeKeys;
    const hashes = codes.map((code) => recoveryCodeHash(key!, accountId, code));
    return (await this.#store.replaceCodes(accountId, hashes, this.parts.clock.now(), tx)) ? codes : null;
  }

  /** Removes every second factor; those that there were. */
  async remove(
    accountId: string,
    tx: Transaction,
  ): Promise<{ readonly hadApp: boolean; readonly passkeys: readonly RemovedPasskey[] }> {
    const hadApp = await this.#store.removeTotp(accountId, tx);
    const passkeys = await this.parts.passkeys.remove(accountId, null, tx);
    if (hadApp || passkeys.length > 0) await this.#tellRemoved(accountId, tx);
    return { hadApp, passkeys };
  }

  /** Recovery codes come with the first factor of an account, and go with the last. */
  async #firstCodes(accountId: string, tx: Transaction): Promise<readonly string[] | null> {
    return (await tx.recoveryCode.count({ where: { accountId } })) > 0
      ? null
      : this.renewCodes(accountId, tx);
  }

  async #tellRemoved(accountId: string, tx: Transaction): Promise<void> {
    const left = await this.#store.tellKinds(accountId, this.parts.clock.now(), tx);
    if (left.length === 0) await this.#store.removeCodes(accountId, tx);
  }

  /** Whether the person is asked at every sign-in, or only where it is demanded. */
  askAlways(accountId: string, always: boolean, tx: Transaction): Promise<void> {
    return this.#store.askAlways(accountId, always, this.parts.clock.now(), tx);
  }

  /**
   * Counts the attempt as one of a password is (sign-in-throttle.ts), with counters and familiar places of its own: a thief of the password
   * fills the lane of strangers and keeps nobody out where they signed in before. Then it compares; a code that was right is used up.
   */
  async verify(
    account: Account,
    { typed, recoveryOnly = false, networkKey, deviceKey }: SecondStepAttempt,
  ): Promise<SecondStepVerdict> {
    const { throttle } = this.parts;
    const whose = { whose: account.id, networkKey, deviceKey };
    const counters = countersOf('second-step', whose, defaultSignInLimits);
    const met = await throttle.takeInOrder(counters, null);
    if (!met.verdict.allowed) return { kind: 'throttled', retryAfter: met.verdict.retryAfter };
    const by = await this.#uses(account, typed, recoveryOnly);
    if (by === null) return { kind: 'invalid' };
    // One by one: a statement with several would wait for the counters in another order than attempts take them.
    for (const { key } of [met.place, met.lane, met.slowLane]) await throttle.reset(key);
    await throttle.giveBack(met.network.key, met.network.limit);
    for (const key of counters.familiar) await throttle.mark(key, defaultSignInLimits.familiarFor);
    return { kind: 'ok', by };
  }

  async #uses(
    { id }: Account,
    typed: string,
    recoveryOnly: boolean,
  ): Promise<'totp' | 'recovery_code' | null> {
    const code = readRecoveryCode(typed);
    if (code !== null) {
      const hashes = this.parts.codeKeys.map((key) => recoveryCodeHash(key, id, code));
      return (await this.#store.useCode(id, hashes)) ? 'recovery_code' : null;
    }
    if (recoveryOnly) return null;
    const now = this.parts.clock.now();
    const totp = await this.#store.totp(id);
    const secret = totp?.confirmedAt ? this.parts.seal.open(totp.secret, contextOfSeal(id)) : undefined;
    const step = secret === undefined ? null : timeStepOf(typed.replaceAll(/\s/g, ''), secret, now);
    return step !== null && (await this.#store.useStep(id, step, now)) ? 'totp' : null;
  }
}

const contextOfSeal = (accountId: string): string => `totp ${accountId}`;
const contextOfProposal = (accountId: string, binding: string): string =>
  `proposed totp ${accountId} ${binding}`;
