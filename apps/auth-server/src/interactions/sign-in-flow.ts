import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Account, AccountError, AccountService, HashingOverloaded } from '@curfew/accounts';
import type { RecognisedPerson } from '@curfew/oidc';
import { Injectable } from '@nestjs/common';
import { newPasswordPage, type PasswordField, type SignInPage, signInPage } from '../pages/index.js';
import { sendPage } from './answer.js';
import type { Form } from './form.js';
import { FormTokens } from './form-tokens.js';
import { OwnAccount } from './own-account.js';
import { PageSettings } from './page-settings.js';
import { passwordProblem } from './password-problem.js';
import { SignIn } from './sign-in.js';

/** Where a sign-in happens: for an application's interaction, or directly. */
export interface SignInPlace {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** What every rendering of the form there has in common. */
  readonly page: SignInPage;
  /** What its form tokens are bound to. */
  readonly binding: string;
  /** Set where the sign-in leads to an application. */
  readonly leadsOut?: boolean;
  /** Called with who signed in; answers the request. */
  readonly finish: (person: RecognisedPerson) => Promise<void>;
}

/** From the first form to a recognised person, by way of a new password where one is due. */
@Injectable()
export class SignInFlow {
  constructor(
    private readonly signIn: SignIn,
    private readonly accounts: AccountService,
    private readonly own: OwnAccount,
    private readonly tokens: FormTokens,
    private readonly settings: PageSettings,
  ) {}

  async answer(place: SignInPlace, form: Form): Promise<void> {
    if (form.has('proof')) return this.changeDuePassword(place, form);
    const { request, response } = place;
    const outcome = await this.signIn.attempt(request, response, form);
    const remember = form.get('remember') === 'yes';
    if (outcome.kind === 'refused') {
      const username = form.get('username')?.slice(0, 320);
      const markup = signInPage({ ...place.page, username, remember, problem: outcome.problem });
      return sendPage(response, markup, { leadsOut: place.leadsOut ?? false, ...outcome });
    }
    const { account, settlement } = outcome;
    if (account.mustChangePassword) return this.askForNewPassword(place, account, { remember });
    return place.finish({ accountId: account.id, remember, settlement });
  }

  private askForNewPassword(
    place: SignInPlace,
    account: Account,
    state: { remember: boolean; status?: number; problem?: { field: PasswordField; text: string } },
  ): void {
    const { action, csrf, base } = place.page;
    const proof = {
      account: account.id,
      proof: this.tokens.issue('new-password', ...proven(place, account)),
      ...(state.remember ? { remember: 'yes' } : {}),
    };
    const minLength = this.settings.parts.shortestPassword;
    const page = { action, csrf, base, proof, minLength, username: account.username, problem: state.problem };
    sendPage(place.response, newPasswordPage(page), {
      leadsOut: place.leadsOut ?? false,
      status: state.status ?? 200,
    });
  }

  private async changeDuePassword(place: SignInPlace, form: Form): Promise<void> {
    const account = await this.accounts.findById(form.get('account') ?? '');
    const due = account?.mustChangePassword && account.disabledAt === null;
    if (!due || !this.tokens.verify(form.get('proof'), 'new-password', ...proven(place, account))) {
      const problem = 'That took too long. Sign in once more.';
      return sendPage(place.response, signInPage({ ...place.page, problem }), {
        leadsOut: place.leadsOut ?? false,
        status: 422,
      });
    }
    const remember = form.get('remember') === 'yes';
    const password = form.get('new') ?? '';
    const fault =
      password === form.get('repeat') ? undefined : passwordProblem('repeat_differs', this.settings);
    const refused = fault ?? (await this.change(account, password));
    if (refused) return this.askForNewPassword(place, account, { remember, status: 422, problem: refused });
    return place.finish({ accountId: account.id, remember });
  }

  private async change(account: Account, password: string) {
    try {
      await this.own.changePassword(account, password, { endSessions: true });
      return undefined;
    } catch (error) {
      if (error instanceof AccountError) return passwordProblem(error.code, this.settings);
      if (error instanceof HashingOverloaded) return passwordProblem('overloaded', this.settings);
      throw error;
    }
  }
}

/** The proof dies with the interaction, and with the password it speaks of. */
const proven = (place: SignInPlace, account: Account): string[] => [
  place.binding,
  account.id,
  String(account.passwordChangedAt),
];
