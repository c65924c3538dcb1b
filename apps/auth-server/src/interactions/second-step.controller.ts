import type { IncomingMessage, ServerResponse } from 'node:http';
import { Passkeys, SecondFactors } from '@curfew/accounts/factors';
import { Clock } from '@curfew/clock';
import { type AuthenticationMethod, methodsTogether } from '@curfew/session-policy/authentication';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { recoveryCodesPage, secondStepDone, secondStepSettings } from '../pages/index.js';
import { seeOther, sendPage } from './answer.js';
import { EnrolmentReturn } from './enrolment-return.js';
import type { FormProblem } from './form-problem.js';
import { type FreshProof, FreshProofs } from './fresh-proofs.js';
import { type FactorAct, type FactorOutcome, isFactorAct, OwnFactors } from './own-factors.js';
import { OwnPages, type SentForm } from './own-pages.js';
import { malformed } from './page-error.js';
import { PageSettings } from './page-settings.js';

/** Set up, change and remove one's second factors. Each change demands a proof of a moment ago, of every factor the account has. */
@Controller('second-step')
export class SecondStepController {
  constructor(
    private readonly pages: OwnPages,
    private readonly factors: SecondFactors,
    private readonly passkeys: Passkeys,
    private readonly own: OwnFactors,
    private readonly proofs: FreshProofs,
    private readonly enrolment: EnrolmentReturn,
    private readonly settings: PageSettings,
    private readonly clock: Clock,
  ) {}

  @Get()
  async show(
    @Query('done') done: unknown,
    @Query('back') back: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const page = await this.pages.open('second-step', request, response);
    if (!page) return;
    const { model, person, proof } = page;
    const { account, browserSessionUid } = person;
    const { totp, passkeys, recoveryCodes } = await this.factors.state(account.id);
    const markup = secondStepSettings({
      ...model,
      now: this.clock.now(),
      proof,
      app: totp && { since: totp.createdAt, lastUsedAt: totp.lastUsedAt },
      passkeys,
      recoveryCodes,
      always: account.secondStepAlways,
      remembered: await this.factors.browsers.ofAccount(account.id, this.clock.now()),
      proposed: totp || !proof ? null : await this.factors.proposed(account, browserSessionUid),
      passkey: proof
        ? this.passkeys.toMake(account, browserSessionUid, passkeys)
        : this.passkeys.toShow(browserSessionUid),
      done: secondStepDone(done),
      goOn: this.enrolment.keep(back, request, response),
    });
    page.send(markup);
  }

  @Post()
  async change(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const sent = await this.pages.form('second-step', request, response);
    const act = sent.form.get('act');
    if (act === 'forget') {
      await this.own.forgetBrowsers(sent.person);
      return seeOther(response, `${this.pages.addressOf('second-step')}?done=forgotten`);
    }
    if (act !== 'prove' && !isFactorAct(act)) throw malformed();
    const proved = await this.proved(sent);
    if ('code' in proved) return this.pages.ask(sent, { problem: proved });
    const proof = this.proofs.fields(sent.person, proved);
    if (act === 'prove') return this.pages.ask(sent, { proof });
    const outcome = await this.own.act(act, sent.person, sent.form, proved.version);
    if (outcome.kind === 'refused') {
      const isOver = outcome.problem.code === 'authenticators_changed';
      return this.pages.ask(sent, { proof: isOver ? undefined : proof, problem: outcome.problem });
    }
    if (outcome.kind === 'goes_on') return this.pages.ask(sent, { proof });
    return this.finish(sent, act, proved.methods, outcome);
  }

  /** How the person proved who they are: a moment ago, or with this form. */
  private async proved(sent: SentForm): Promise<FreshProof | FormProblem> {
    const fresh = await this.proofs.read(sent.person, sent.form);
    if (fresh) return fresh;
    return sent.form.has('proof') ? { code: 'took_too_long' } : this.pages.proveAnew(sent);
  }

  private async finish(
    sent: SentForm,
    act: FactorAct,
    methods: readonly AuthenticationMethod[],
    { codes, done, proved }: Extract<FactorOutcome, { kind: 'done' }>,
  ): Promise<void> {
    const { request, response } = sent;
    // The change may have ended this browser's sign-in as well.
    if (proved !== undefined) await this.pages.signInAgain(sent, methodsTogether(methods, proved));
    if (!codes) return seeOther(response, `${this.pages.addressOf('second-step')}?done=${done}`);
    // Codes are stored as hashes, so no later page could show them.
    sendPage(
      response,
      recoveryCodesPage({
        ...this.settings.pageFor(request),
        codes,
        isNew: act !== 'renew',
        goOn: this.enrolment.address(request),
      }),
    );
  }
}
