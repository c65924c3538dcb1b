import { randomUUID } from 'node:crypto';
import type { Clock } from '@curfew/clock';
import type { PrismaService, Statements, Transaction } from '@curfew/persistence';
import { type Instant, seconds } from '@curfew/session-policy';
import { type Account, type AccountNames, type AccountPage, asksSecondStep } from './account.js';
import { AccountStore } from './account.store.js';
import { AccountError } from './account-error.js';
import { type FoundForSignIn, isUuid } from './account-row.js';
import { noPassword, type PasswordHasher } from './password-hasher.js';
import {
  checkNewPassword,
  defaultPasswordRules,
  fitsForHashing,
  normalisePassword,
  type PasswordRules,
} from './password-rules.js';
import type { PasswordAttempt, PasswordVerdict } from './password-verdict.js';
import { PreparedPassword } from './prepared-password.js';
import type { AdmittedAttempt, SignInThrottle } from './sign-in-throttle.js';
import { normaliseUsername } from './username.js';
import { HashingOverloaded } from './work-queue.js';

/** Collaborators of AccountService. */
export interface AccountServiceParts {
  readonly prisma: PrismaService;
  /** Connections for the statements of sign-ins, where there are many of them. */
  readonly hot?: Statements;
  readonly clock: Clock;
  readonly hasher: PasswordHasher;
  readonly throttle: SignInThrottle;
  /** Bounds of passwords where they are not the usual ones. */
  readonly rules?: PasswordRules;
}

const overloaded = { kind: 'overloaded', retryAfter: seconds(5) } as const;
const largestPage = 200;

/**
 * People who sign in. It knows nothing of sessions: a caller that disables or deletes an account, or changes its password, passes a
 * transaction and ends the sessions in it.
 */
export class AccountService {
  private readonly store: AccountStore;
  private readonly rules: PasswordRules;
  private underWay = 0;

  constructor(private readonly parts: AccountServiceParts) {
    this.store = new AccountStore(parts.prisma, parts.hot);
    this.rules = parts.rules ?? defaultPasswordRules;
  }

  /** Creates an account; throws AccountError if name or password cannot be used, HashingOverloaded if too much waits. */
  async create(
    account: { username: string; password: string | PreparedPassword; firstRun?: boolean },
    tx?: Transaction,
  ): Promise<Account> {
    const username = normaliseUsername(account.username);
    if (username === null) throw new AccountError('username_invalid');
    const { hash } = await this.prepared(username, account.password);
    const row = { id: randomUUID(), username, passwordHash: hash, firstRun: account.firstRun ?? false };
    return this.store.insert(row, this.parts.clock.now(), tx);
  }

  /** Checks and hashes a new password before a transaction is opened; throws AccountError or HashingOverloaded. */
  async preparePassword(username: string, password: string): Promise<PreparedPassword> {
    // Normalising takes time and can make a text longer, so a password that is too long as typed is refused first.
    if (!fitsForHashing(password, this.rules)) throw new AccountError('password_too_long');
    const normalised = normalisePassword(password);
    checkNewPassword(username, normalised, this.rules);
    return new PreparedPassword(await this.parts.hasher.hash(normalised));
  }

  /** Counts the attempt, then verifies the password, taking as long for an unknown account as for a wrong password. */
  async verifyPassword(attempt: PasswordAttempt): Promise<PasswordVerdict> {
    // No password of any account, so no guess: refused before anything is counted or hashed.
    if (!fitsForHashing(attempt.password, this.rules)) {
      return { kind: 'invalid', cause: 'wrong_password', accountId: null };
    }
    // Counting costs database connections that token requests need too: no more attempts than could be hashed get that far.
    if (this.underWay >= this.parts.hasher.capacity) return overloaded;
    this.underWay += 1;
    try {
      return await this.admitAndCompare(attempt);
    } finally {
      this.underWay -= 1;
    }
  }

  private async admitAndCompare(attempt: PasswordAttempt): Promise<PasswordVerdict> {
    const name = normaliseUsername(attempt.username);
    const admission = await this.parts.throttle.admit({ ...attempt, name });
    if (!admission.admitted) return { kind: 'throttled', retryAfter: admission.retryAfter };
    try {
      return await this.compare(admission, attempt);
    } catch (error) {
      if (!(error instanceof HashingOverloaded)) throw error;
      await admission.abandoned();
      return overloaded;
    }
  }

  private async compare(
    admitted: AdmittedAttempt,
    attempt: PasswordAttempt,
    isSecondLook = false,
  ): Promise<PasswordVerdict> {
    const { found, succeeded, settlement } = admitted;
    const { password, settlesWithSignIn } = attempt;
    const matched = await this.match(found?.passwordHash, password);
    if (!found) return { kind: 'invalid', cause: 'unknown_account', accountId: null };
    const { account } = found;
    const wrong = { kind: 'invalid', cause: 'wrong_password', accountId: account.id } as const;
    if (matched === undefined) return wrong;
    const isOutdated =
      matched !== normalisePassword(password) || this.parts.hasher.isOutdated(found.passwordHash);
    const standing = isOutdated && account.disabledAt === null ? await this.renewed(found, password) : found;
    // A second step follows in a request of its own; the password was right all the same.
    const signsIn = account.disabledAt === null && !account.mustChangePassword && !asksSecondStep(account);
    if (settlesWithSignIn && signsIn && standing)
      return { kind: 'ok', account, settlement: settlement(standing) };
    // Hashing takes time, more so in a queue, so the account is compared with its present state.
    const current = await succeeded(standing ?? found);
    const isSame = current?.account.id === account.id && current.passwordHash === standing?.passwordHash;
    // Another sign-in may have hashed this very password anew meanwhile.
    if (!isSame && isOutdated && current && !isSecondLook)
      return this.compare({ ...admitted, found: current }, attempt, true);
    if (!isSame) return wrong;
    if (current.account.disabledAt !== null) return { ...wrong, cause: 'account_disabled' };
    return { kind: 'ok', account: current.account };
  }

  /**
   * The form of the password that belongs to the hash: normalised, or as it was typed, because older hashes were made of that. Without
   * an account it takes as long as with one.
   */
  private async match(hash: string | undefined, typed: string): Promise<string | undefined> {
    const { hasher } = this.parts;
    for (const form of new Set([normalisePassword(typed), typed])) {
      const isRight = hash === undefined ? await hasher.verifyNothing(form) : await hasher.verify(hash, form);
      if (isRight) return form;
    }
    return undefined;
  }

  /**
   * Stores the hash of a right password with today's parameters. The account with the hash that stands then, which is the old one where no
   * hash can be made now; undefined where the old one was replaced meanwhile, because a password that was changed must not come back.
   */
  private async renewed(found: FoundForSignIn, password: string): Promise<FoundForSignIn | undefined> {
    const { account, passwordHash: old } = found;
    try {
      const passwordHash = await this.parts.hasher.hash(normalisePassword(password));
      const where = { id: account.id, passwordHash: old };
      const isStored = await this.store.change(where, { passwordHash }, this.parts.clock.now(), undefined);
      return isStored ? { account, passwordHash } : undefined;
    } catch (error) {
      if (!(error instanceof HashingOverloaded)) throw error;
      return found;
    }
  }

  /** Replaces the password and lifts the duty to change it; throws AccountError, or HashingOverloaded for a plain one. */
  async changePassword(id: string, password: string | PreparedPassword, tx?: Transaction): Promise<Account> {
    const account = await this.existing(id, tx);
    const { hash } = await this.prepared(account.username, password);
    const now = this.parts.clock.now();
    const change = { passwordHash: hash, passwordChangedAt: new Date(now), mustChangePassword: false };
    await this.changeExisting(id, change, tx);
    return this.existing(id, tx);
  }

  /** Gives the account another username; the subject of its tokens stays. @throws AccountError */
  async rename(id: string, wanted: string, tx: Transaction): Promise<void> {
    const username = normaliseUsername(wanted);
    if (username === null) throw new AccountError('username_invalid');
    await this.changeExisting(id, { username }, tx);
  }

  /** The next sign-in must choose a new password. */
  async requireNewPassword(id: string, tx?: Transaction): Promise<void> {
    await this.changeExisting(id, { mustChangePassword: true }, tx);
  }

  /** Refuses every further sign-in; an account that is disabled already keeps its instant. */
  async disable(id: string, tx?: Transaction): Promise<void> {
    const account = await this.existing(id, tx);
    if (account.disabledAt !== null) return;
    await this.changeExisting(id, { disabledAt: new Date(this.parts.clock.now()) }, tx);
  }

  /** Allows sign-ins again; revives no session. */
  async enable(id: string, tx?: Transaction): Promise<void> {
    await this.changeExisting(id, { disabledAt: null }, tx);
  }

  /** For an owner who is held up among strangers: lets attempts from new places through again. Throws AccountError. */
  async forgiveFailures(id: string): Promise<void> {
    await this.parts.throttle.forgive(await this.existing(id, undefined));
  }

  /** Deletes the account and the consents it gave; throws AccountError if there is none. */
  async delete(id: string, tx?: Transaction): Promise<void> {
    const removeAll = async (db: Transaction): Promise<void> => {
      await db.consent.deleteMany({ where: { accountId: id } });
      if (!(await this.store.remove(id, db))) throw new AccountError('unknown_account');
    };
    if (!isUuid(id)) throw new AccountError('unknown_account');
    await (tx ? removeAll(tx) : this.parts.prisma.$transaction(removeAll));
  }

  /** The account with this id, or null; any text may be asked for. */
  async findById(id: string, tx?: Transaction): Promise<Account | null> {
    return isUuid(id) ? this.store.findById(id, tx) : null;
  }

  /** When the person was first asked to set up a second factor; null where they never were. */
  async enrolmentAskedAt(id: string): Promise<Instant | null> {
    return isUuid(id) ? this.store.enrolmentAskedAt(id) : null;
  }

  /** Notes that the person is asked for it; the first time counts. */
  noteEnrolmentAsked = (id: string, now: Instant): Promise<void> => this.store.noteEnrolmentAsked(id, now);

  /** Whether the account has a password. */
  async hasPassword(id: string, tx?: Transaction): Promise<boolean> {
    const hash = isUuid(id) ? await this.store.passwordHash(id, tx) : null;
    return hash !== null && hash !== noPassword;
  }

  /** The names of the account for applications, or null. */
  async names(id: string): Promise<AccountNames | null> {
    return isUuid(id) ? this.store.names(id) : null;
  }

  /** The account with this username in any spelling that means the same, or null. */
  async findByUsername(username: string, tx?: Transaction): Promise<Account | null> {
    const name = normaliseUsername(username);
    return name === null ? null : ((await this.store.findForSignIn(name, tx))?.account ?? null);
  }

  /** One page in the order of usernames: at most `limit` (200) accounts after `after`, with names that start with `prefix`. */
  async list(query: { after?: string | null; prefix?: string; limit?: number } = {}): Promise<AccountPage> {
    const limit = Math.max(1, Math.min(query.limit ?? 50, largestPage));
    const after = query.after ? normaliseUsername(query.after) : null;
    const prefix = query.prefix ? normaliseUsername(query.prefix) : null;
    const noSuchName = (query.after && after === null) || (query.prefix && prefix === null);
    if (noSuchName) return { accounts: [], next: null };
    const rows = await this.store.page(after, prefix, limit + 1);
    const accounts = rows.slice(0, limit);
    return { accounts, next: rows.length > limit ? (accounts.at(-1)?.username ?? null) : null };
  }

  /** The accounts that were made at the first start, by name; production refuses to run with any. */
  async firstRun(tx?: Transaction): Promise<Account[]> {
    return this.store.firstRun(tx);
  }

  private async prepared(username: string, password: string | PreparedPassword): Promise<PreparedPassword> {
    return typeof password === 'string' ? this.preparePassword(username, password) : password;
  }

  private async existing(id: string, tx: Transaction | undefined): Promise<Account> {
    const account = await this.findById(id, tx);
    if (!account) throw new AccountError('unknown_account');
    return account;
  }

  private async changeExisting(
    id: string,
    change: Parameters<AccountStore['change']>[1],
    tx: Transaction | undefined,
  ): Promise<void> {
    const changed = isUuid(id) && (await this.store.change({ id }, change, this.parts.clock.now(), tx));
    if (!changed) throw new AccountError('unknown_account');
  }
}
