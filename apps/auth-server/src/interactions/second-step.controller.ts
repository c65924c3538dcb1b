import type { IncomingMessage, ServerResponse } from 'node:http';
import { SecondFactors } from '@curfew/accounts';
import { Clock } from '@curfew/clock';
import { Interactions, type NoticePlace } from '@curfew/oidc';
import { methodsTogether } from '@curfew/session-policy/authentication';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { recoveryCodesPage, secondStepSettings } from '../pages/index.js';
import { seeOther, sendPage } from './answer.js';
import type { Form } from './form.js';
import { type FormProblem, inWords } from './form-problem.js';
import { Notices } from './notices.js';
import { OwnFactors } from './own-factors.js';
import { malformed } from './page-error.js';
import { PageLog } from './page-log.js';
import { PageSettings } from './page-settings.js';
import { SignIn } from './sign-in.js';
import { type Person, SignedIn } from './signed-in.js';

/** The outcome of a form of the page: a fault, an address to go on at, or codes to show. */
type Outcome =
  | FormProblem
  | { readonly done: string }
  | { readonly codes: readonly string[]; isNew: boolean };

/** Set up, change and remove one's second step. Each change demands the password, and the second factor where there is one. */
@Controller('second-step')
export class SecondStepController {
  constructor(
    private readonly signedIn: SignedIn,
    private readonly signIn: SignIn,
    private readonly factors: SecondFactors,
    private readonly own: OwnFactors,
    private readonly interactions: Interactions,
    private readonly notices: Notices,
    private readonly settings: PageSettings,
    private readonly log: PageLog,
    private readonly clock: Clock,
  ) {}

  @Get()
  async show(
    @Query('done') done: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const person = await this.signedIn.require(request, response, 'second-step');
    if (!person) return;
    const problem = this.notices.take<FormProblem>(this.place(request, response, person));
    const { base, language } = this.settings.pageFor(request);
    const told = problem && inWords(problem, this.settings, language);
    const { account, browserSessionUid, csrf } = person;
    const { totp, recoveryCodes } = await this.factors.state(account.id);
    const markup = secondStepSettings({
      base,
      language,
      action: this.address,
      csrf,
      username: account.username,
      now: this.clock.now(),
      app: totp && { since: totp.createdAt, lastUsedAt: totp.lastUsedAt },
      recoveryCodes,
      always: account.secondStepAlways,
      proposed: totp ? null : await this.factors.proposed(account, browserSessionUid),
      problem: told,
      done: done === 'removed' || done === 'always' || done === 'sometimes' ? done : undefined,
    });
    sendPage(response, markup, { status: told?.status ?? 200, retryAfter: problem?.retryAfter });
  }

  @Post()
  async change(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const { person, form } = await this.signedIn.form(request, response);
    const outcome = await this.act(form.get('act'), request, response, { person, form });
    if ('code' in outcome)
      return this.notices.sendTo(this.place(request, response, person), outcome, outcome.retryAfter);
    if ('done' in outcome) return seeOther(response, `${this.address}${outcome.done}`);
    // Codes are stored as hashes, so no later page could show them.
    sendPage(response, recoveryCodesPage({ ...this.settings.pageFor(request), ...outcome }));
  }

  private async act(
    act: string | undefined,
    request: IncomingMessage,
    response: ServerResponse,
    { person, form }: { readonly person: Person; readonly form: Form },
  ): Promise<Outcome> {
    const { account, browserSessionUid } = person;
    if (act === 'confirm') return this.confirm(request, response, person, form);
    if (!act || !['begin', 'renew', 'remove', 'always', 'sometimes'].includes(act)) throw malformed();
    const problem = await this.signIn.proveAnew(request, account, form);
    if (problem) return problem;
    if (act === 'begin') {
      await this.factors.propose(account, browserSessionUid);
      return { done: '' };
    }
    if (account.secondFactors.length === 0) return { done: '' };
    this.log.note(`second_step_${act}`, { accountId: account.id });
    if (act === 'renew') return { codes: await this.own.renew(account.id), isNew: false };
    if (act === 'remove') {
      if (await this.own.remove(account.id)) await this.signInAgain(request, response, person);
      return { done: '?done=removed' };
    }
    await this.own.askAlways(account.id, act === 'always');
    return { done: `?done=${act}` };
  }

  /** The first code of a new app. The password was given when it was proposed, so the person has proved both. */
  private async confirm(
    request: IncomingMessage,
    response: ServerResponse,
    person: Person,
    form: Form,
  ): Promise<Outcome> {
    const { account, browserSessionUid: binding } = person;
    if (account.secondFactors.length > 0) return { done: '' };
    const shown = { account, binding, typed: form.get('code') ?? '' };
    if (!(await this.factors.proposed(account, binding))) return { code: 'took_too_long' };
    const codes = await this.own.confirm(shown);
    if (!codes) return { code: 'code_wrong' };
    this.log.note('second_step_confirmed', { accountId: account.id });
    await this.signInAgain(request, response, person);
    return { codes, isNew: true };
  }

  /** The change may have ended this browser's sign-in as well; the person has just proved who they are. */
  private signInAgain(
    request: IncomingMessage,
    response: ServerResponse,
    { account }: Person,
  ): Promise<void> {
    const methods = methodsTogether(['pwd'], ['otp']);
    const person = { accountId: account.id, methods, remember: false };
    return this.interactions.signInBrowser(request, response, person);
  }

  private get address(): string {
    return `${this.settings.base}/second-step`;
  }

  private place(request: IncomingMessage, response: ServerResponse, person: Person): NoticePlace {
    const binding = JSON.stringify([person.browserSessionUid, person.account.id]);
    return { request, response, address: this.address, binding };
  }
}
