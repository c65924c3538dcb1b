import type { IncomingMessage, ServerResponse } from 'node:http';
import { Passkeys } from '@curfew/accounts/factors';
import { Interactions, type NoticePlace } from '@curfew/oidc';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { type PasswordPage, passwordPage } from '../pages/index.js';
import { seeOther, sendPage } from './answer.js';
import type { Form } from './form.js';
import { type FormProblem, inWords, problemOfError } from './form-problem.js';
import { Notices } from './notices.js';
import { OwnAccount } from './own-account.js';
import { PageLog } from './page-log.js';
import { PageSettings } from './page-settings.js';
import { SignIn } from './sign-in.js';
import { type Person, SignedIn } from './signed-in.js';

/** Change one's password: the current one is asked for, with a code where there is a second factor, and counted like a sign-in so that nobody guesses it here. */
@Controller('password')
export class PasswordController {
  constructor(
    private readonly signedIn: SignedIn,
    private readonly signIn: SignIn,
    private readonly own: OwnAccount,
    private readonly passkeys: Passkeys,
    private readonly interactions: Interactions,
    private readonly notices: Notices,
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
    const problem = this.notices.take<FormProblem>(this.place(request, response, person));
    const model = await this.model(request, person);
    const told = problem && inWords(problem, this.settings, model.language);
    sendPage(response, passwordPage({ ...model, changed, problem: told }), {
      status: told?.status ?? 200,
      retryAfter: problem?.retryAfter,
      scripts: this.settings.passkeyScripts,
    });
  }

  @Post()
  async change(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const { person, form } = await this.signedIn.form(request, response);
    const proved = await this.proved(request, person, form);
    const outcome = 'code' in proved ? proved : await this.set(person, form);
    if ('code' in outcome)
      return this.notices.sendTo(this.place(request, response, person), outcome, outcome.retryAfter);
    this.log.note('password_changed', { accountId: person.account.id });
    const { endedAll } = outcome;
    // This browser's sign-in ended as well. The person has just proved who they are, so it is signed in anew.
    if (endedAll && 'methods' in proved) {
      const { methods, account } = proved;
      const again = { accountId: account.id, methods, remember: false };
      await this.interactions.signInBrowser(request, response, again);
    }
    const done = endedAll ? 'others' : 'changed';
    seeOther(response, `${this.settings.base}/password?done=${done}`);
  }

  private place(request: IncomingMessage, response: ServerResponse, person: Person): NoticePlace {
    return {
      request,
      response,
      address: `${this.settings.base}/password`,
      binding: JSON.stringify([person.browserSessionUid, person.account.id]),
    };
  }

  /** How the person proved who they are, or why the form is not taken. */
  private async proved(request: IncomingMessage, { account, browserSessionUid }: Person, form: Form) {
    if (form.get('new') !== form.get('repeat')) return { code: 'repeat_differs' } as const;
    const outcome = await this.signIn.proveAnew(request, account, form, browserSessionUid);
    return outcome.kind === 'ok' ? outcome : outcome.problem;
  }

  private async set({ account }: Person, form: Form): Promise<FormProblem | { readonly endedAll: boolean }> {
    try {
      const endSessions = form.get('end_others') === 'yes';
      return { endedAll: await this.own.changePassword(account, form.get('new') ?? '', { endSessions }) };
    } catch (error) {
      return problemOfError(error);
    }
  }

  private async model(
    request: IncomingMessage,
    { account, browserSessionUid, csrf }: Person,
  ): Promise<PasswordPage> {
    const { parts } = this.settings;
    const model = this.settings.pageFor(request);
    const { username, secondFactors } = account;
    const endsOthers = await this.own.passwordEndsSessions(account.id);
    return {
      ...model,
      action: `${model.base}/password`,
      csrf,
      username,
      asksCode:
        secondFactors.length > 0 && (secondFactors.includes('passkey') ? 'only-recovery' : 'recovery'),
      passkey: secondFactors.includes('passkey') ? this.passkeys.toShow(browserSessionUid) : undefined,
      endsOthers,
      minLength: parts.shortestPassword,
    };
  }
}
