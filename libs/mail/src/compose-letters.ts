import type { Account, AccountService, Profile, Profiles } from '@curfew/accounts';
import type { LetterFacts, Letters } from './letter-words.js';
import { lettersIn } from './letters.js';
import type { Letter, TakenMail } from './mail.js';
import {
  emailChangeSubject,
  type LinkPurpose,
  type OneTimeLinks,
  passwordSubject,
} from './one-time-links.js';

/** The dependencies of LetterComposer. */
export interface LetterParts {
  readonly accounts: AccountService;
  readonly profiles: Profiles;
  readonly links: OneTimeLinks;
  readonly issuer: string;
}

/** The person that a letter is for. */
interface Addressee {
  readonly account: Account;
  readonly profile: Profile;
  /** Whether the account has ever had a password. */
  readonly hasPassword: boolean;
  /** The letters in the language of the page on which the mail was asked for; else in that of the person's own sign-ins. */
  readonly letters: Letters;
}

/** Writes letters. Links are made here, at the moment of sending, so that no row holds one and their time begins when they arrive. */
export class LetterComposer {
  constructor(private readonly parts: LetterParts) {}

  /** The letter; null where there is nobody to write to. */
  async compose(mail: TakenMail): Promise<Letter | null> {
    const addressee = await this.#addressee(mail);
    if (addressee?.account.disabledAt !== null) return null;
    if (mail.kind === 'email_change' || mail.kind === 'email_changed')
      return this.#elsewhere(mail, addressee);
    if (mail.kind === 'email_change_asked') return this.#asked(mail, addressee);
    const { email, emailVerified } = addressee.profile;
    // An address that nobody has confirmed is good for an invitation and for its own confirmation, and opens no account that is in use.
    const mayBeUnverified =
      mail.kind === 'email_verification' || mail.kind === 'invitation' || !addressee.hasPassword;
    if (email === null || !(emailVerified || mayBeUnverified)) return null;
    const words = await this.#words(mail, addressee, email);
    return words && { to: email, ...words };
  }

  /** A letter to an address that the account does not have yet, or has no more. */
  async #elsewhere({ kind, facts }: TakenMail, addressee: Addressee): Promise<Letter> {
    const [to, version] = [String(facts['address']), String(facts['version'])];
    const { letters } = addressee;
    if (kind === 'email_changed')
      return { to, ...letters.emailChanged(facts, this.#about(addressee, this.parts.issuer)) };
    const subject = emailChangeSubject(to, version);
    return { to, ...letters.emailChange(await this.#acting(addressee, 'email_change', subject)) };
  }

  /**
   * Tells the address that the account had when another one was asked for. Its person can act by a link only if the address is confirmed and
   * still the account's: nobody knows who reads mail to another one, and words open nothing.
   */
  async #asked({ facts }: TakenMail, addressee: Addressee): Promise<Letter | null> {
    const { email, emailVerified } = addressee.profile;
    const to = facts['address'] === undefined ? email : String(facts['address']);
    if (to === null) return null;
    const mayAct = emailVerified && to === email;
    const about = mayAct
      ? await this.#acting(addressee, 'not_me', to)
      : this.#about(addressee, this.parts.issuer);
    return { to, ...addressee.letters.emailChangeAsked(facts, about, mayAct) };
  }

  async #words(mail: TakenMail, addressee: Addressee, email: string): Promise<Omit<Letter, 'to'> | null> {
    const { account, hasPassword, letters } = addressee;
    const password = passwordSubject(account.passwordChangedAt, email);
    switch (mail.kind) {
      case 'invitation':
        return hasPassword ? null : letters.invitation(await this.#acting(addressee, 'invitation', password));
      case 'forgotten_password': {
        const purpose = hasPassword ? 'password_reset' : 'invitation';
        // Beyond a few nobody is written to: the links of the last minutes all work, so the owner is not kept out by it. A mail that is tried
        // again was counted at its first attempt.
        const issue = mail.attempt === 1 ? 'issueIfFew' : 'issue';
        const token = await this.parts.links[issue](purpose, { accountId: account.id, subject: password });
        if (token === null) return null;
        const facts = this.#about(addressee, this.#addressOf(purpose, token));
        return hasPassword ? letters.reset(facts) : letters.invitation(facts);
      }
      case 'email_verification':
        return addressee.profile.emailVerified
          ? null
          : letters.verification(await this.#acting(addressee, 'email_verification', email));
      case 'email_change_asked':
      case 'email_change':
      case 'email_changed':
        return null;
      case 'new_sign_in':
        return letters.newSignIn(mail.facts, await this.#acting(addressee, 'not_me', email));
      case 'security_change':
        return letters.securityChange(
          mail.facts,
          this.#about(addressee, `${this.parts.issuer}/forgotten-password`),
        );
    }
  }

  async #addressee({ accountId, facts }: TakenMail): Promise<Addressee | null> {
    const { accounts, profiles } = this.parts;
    const account =
      accountId === null ? await this.#named(String(facts['name'])) : await accounts.findById(accountId);
    if (!account) return null;
    const asked = facts['language'];
    const [profile, hasPassword, language] = await Promise.all([
      profiles.of(account.id),
      accounts.hasPassword(account.id),
      asked === undefined ? profiles.languageOf(account.id) : asked,
    ]);
    return { account, profile, hasPassword, letters: lettersIn(language) };
  }

  /** The account of a username, or of an address that was confirmed. */
  async #named(name: string): Promise<Account | null> {
    const { accounts, profiles } = this.parts;
    const account = await accounts.findByUsername(name);
    if (account) return account;
    const id = await profiles.accountOfVerified(name);
    return id === null ? null : accounts.findById(id);
  }

  async #acting(addressee: Addressee, purpose: LinkPurpose, subject: string): Promise<LetterFacts> {
    const token = await this.parts.links.issue(purpose, { accountId: addressee.account.id, subject });
    return this.#about(addressee, this.#addressOf(purpose, token));
  }

  #addressOf(purpose: LinkPurpose, token: string): string {
    return `${this.parts.issuer}/link/${purpose}/${token}`;
  }

  #about({ account, profile }: Addressee, link: string): LetterFacts {
    const { username } = account;
    const service = new URL(this.parts.issuer).host;
    return { name: profile.displayName ?? username, username, service, link };
  }
}
