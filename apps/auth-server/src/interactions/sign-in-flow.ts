import { type Account, AccountService } from '@curfew/accounts';
import type { NoticePlace, RecognisedPerson } from '@curfew/oidc';
import { Injectable } from '@nestjs/common';
import { newPasswordPage, type SignInPage, signInPage } from '../pages/index.js';
import { sendPage } from './answer.js';
import type { Form } from './form.js';
import { type FormProblem, inWords, problemOfError } from './form-problem.js';
import { FormTokens } from './form-tokens.js';
import { Notices } from './notices.js';
import { OwnAccount } from './own-account.js';
import { PageSettings } from './page-settings.js';
import { SignIn } from './sign-in.js';

/** The place of a sign-in: an application's interaction, or the pages of this server. */
export interface SignInPlace extends NoticePlace {
  /** The parts that every rendering of the form there shares. */
  readonly page: SignInPage;
  /** Set where the sign-in leads to an application. */
  readonly leadsOut?: boolean;
}

/** The notice on a sign-in page about the form sent before. */
interface SignInNotice {
  readonly problem?: FormProblem;
  readonly username?: string | undefined;
  readonly remember?: boolean;
  /** Hidden fields that prove the right password to the next form; set when a new password is due. */
  readonly proof?: Readonly<Record<string, string>>;
}

/** From the first form to a recognised person, by way of a new password where one is due. */
@Injectable()
export class SignInFlow {
  constructor(
    private readonly signIn: SignIn,
    private readonly accounts: AccountService,
    private readonly own: OwnAccount,
    private readonly tokens: FormTokens,
    private readonly notices: Notices,
    private readonly settings: PageSettings,
  ) {}

  /** The form, with what there is to say of the one before. */
  show(place: SignInPlace): void {
    const { problem, proof, username, remember } = this.notices.take<SignInNotice>(place) ?? {};
    const told = problem && inWords(problem, this.settings);
    const { page } = place;
    const again = problem ? { username, remember, problem: told?.text } : {};
    const markup = proof
      ? newPasswordPage({
          ...{ base: page.base, action: page.action, csrf: page.csrf, proof, problem: told },
          ...{ username: username ?? '', minLength: this.settings.parts.shortestPassword },
        })
      : signInPage({ ...page, ...again });
    sendPage(place.response, markup, {
      leadsOut: place.leadsOut ?? false,
      status: told?.status ?? 200,
      retryAfter: problem?.retryAfter,
    });
  }

  /** Answers a form: with `finish` and who signed in, or by asking again. */
  async answer(
    place: SignInPlace,
    form: Form,
    finish: (person: RecognisedPerson) => Promise<void>,
  ): Promise<void> {
    if (form.has('proof')) return this.changeDuePassword(place, form, finish);
    const outcome = await this.signIn.attempt(place.request, place.response, form);
    const remember = form.get('remember') === 'yes';
    if (outcome.kind === 'refused') {
      const username = form.get('username')?.slice(0, 320);
      return this.ask(place, { problem: outcome.problem, username, remember });
    }
    const { account, settlement } = outcome;
    if (account.mustChangePassword) return this.askForNewPassword(place, account, remember);
    return finish({ accountId: account.id, methods: ['pwd'], remember, settlement });
  }

  private ask(place: SignInPlace, notice: SignInNotice): void {
    this.notices.sendTo(place, notice, notice.problem?.retryAfter);
  }

  private askForNewPassword(
    place: SignInPlace,
    account: Account,
    remember: boolean,
    problem?: FormProblem,
  ): void {
    const proof = {
      account: account.id,
      proof: this.tokens.issue('new-password', ...proven(place, account)),
      ...(remember ? { remember: 'yes' } : {}),
    };
    this.ask(place, { proof, username: account.username, ...(problem && { problem }) });
  }

  private async changeDuePassword(
    place: SignInPlace,
    form: Form,
    finish: (person: RecognisedPerson) => Promise<void>,
  ): Promise<void> {
    const account = await this.accounts.findById(form.get('account') ?? '');
    const due = account?.mustChangePassword && account.disabledAt === null;
    if (!due || !this.tokens.verify(form.get('proof'), 'new-password', ...proven(place, account)))
      return this.ask(place, { problem: { code: 'took_too_long' } });
    const remember = form.get('remember') === 'yes';
    const password = form.get('new') ?? '';
    const problem: FormProblem | undefined =
      password === form.get('repeat') ? await this.change(account, password) : { code: 'repeat_differs' };
    if (problem) return this.askForNewPassword(place, account, remember, problem);
    return finish({ accountId: account.id, methods: ['pwd'], remember });
  }

  private async change(account: Account, password: string): Promise<FormProblem | undefined> {
    try {
      await this.own.changePassword(account, password, { endSessions: true });
      return undefined;
    } catch (error) {
      return problemOfError(error);
    }
  }
}

/** The proof dies with the interaction, and with the password it speaks of. */
const proven = (place: SignInPlace, account: Account): string[] => [
  place.binding,
  account.id,
  String(account.passwordChangedAt),
];
