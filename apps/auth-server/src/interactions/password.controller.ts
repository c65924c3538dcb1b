import type { IncomingMessage, ServerResponse } from 'node:http';
import { AccountError, HashingOverloaded } from '@curfew/accounts';
import { Interactions } from '@curfew/oidc';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { lengthInWords, type PasswordPage, passwordPage } from '../pages/index.js';
import { seeOther, sendPage } from './answer.js';
import type { Form } from './form.js';
import { OwnAccount } from './own-account.js';
import { PageLog } from './page-log.js';
import { PageSettings } from './page-settings.js';
import { type PasswordProblem, passwordProblem } from './password-problem.js';
import { SignIn } from './sign-in.js';
import { type Person, SignedIn } from './signed-in.js';

interface Refusal extends PasswordProblem {
  readonly status: number;
  readonly retryAfter?: number;
}

/** Change one's password: the current one is asked for, and counted like a sign-in so that nobody guesses it here. */
@Controller('password')
export class PasswordController {
  constructor(
    private readonly signedIn: SignedIn,
    private readonly signIn: SignIn,
    private readonly own: OwnAccount,
    private readonly interactions: Interactions,
    private readonly settings: PageSettings,
    private readonly log: PageLog,
  ) {}

  @Get()
  async show(
    @Query('done') done: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const person = await this.signedIn.require(request, response, 'password');
    if (!person) return;
    const changed = done === 'changed' || done === 'others' ? { endedOthers: done === 'others' } : undefined;
    sendPage(response, passwordPage({ ...(await this.model(person)), changed }));
  }

  @Post()
  async change(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const { person, form } = await this.signedIn.form(request, response);
    const outcome = (await this.refuseWrongPassword(request, person, form)) ?? (await this.set(person, form));
    if ('status' in outcome) {
      const model = await this.model(person);
      return sendPage(response, passwordPage({ ...model, problem: outcome }), outcome);
    }
    this.log.note('password_changed', { accountId: person.account.id });
    const { endedAll } = outcome;
    // That ended this browser's sign-in too; whoever knew both passwords may stay.
    if (endedAll) {
      await this.interactions.signInBrowser(request, response, {
        accountId: person.account.id,
        remember: false,
      });
    }
    const done = endedAll ? 'others' : 'changed';
    seeOther(response, `${this.settings.base}/password?done=${done}`);
  }

  private async refuseWrongPassword(
    request: IncomingMessage,
    person: Person,
    form: Form,
  ): Promise<Refusal | undefined> {
    if (form.get('new') !== form.get('repeat')) {
      return { status: 422, ...passwordProblem('repeat_differs', this.settings) };
    }
    const { username } = person.account;
    const verdict = await this.signIn.verify(request, { username, password: form.get('current') ?? '' });
    switch (verdict.kind) {
      case 'ok':
        return undefined;
      case 'invalid':
        return { status: 422, field: 'current', text: 'This is not your current password.' };
      case 'throttled': {
        const text = `There were too many attempts. Try again in ${lengthInWords(verdict.retryAfter)}.`;
        return { status: 429, field: 'form', text, retryAfter: verdict.retryAfter };
      }
      case 'overloaded': {
        const { retryAfter } = verdict;
        return { status: 503, ...passwordProblem('overloaded', this.settings), retryAfter };
      }
    }
  }

  private async set({ account }: Person, form: Form): Promise<Refusal | { readonly endedAll: boolean }> {
    try {
      const endSessions = form.get('end_others') === 'yes';
      return { endedAll: await this.own.changePassword(account, form.get('new') ?? '', { endSessions }) };
    } catch (error) {
      if (error instanceof AccountError)
        return { status: 422, ...passwordProblem(error.code, this.settings) };
      if (!(error instanceof HashingOverloaded)) throw error;
      return { status: 503, ...passwordProblem('overloaded', this.settings), retryAfter: 5 };
    }
  }

  private async model({ account, csrf }: Person): Promise<PasswordPage> {
    const { base, parts } = this.settings;
    const { username } = account;
    const endsOthers = await this.own.passwordEndsSessions(account.id);
    return {
      base,
      action: `${base}/password`,
      csrf,
      username,
      endsOthers,
      minLength: parts.shortestPassword,
    };
  }
}
