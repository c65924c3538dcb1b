import type { IncomingMessage, ServerResponse } from 'node:http';
import { Passkeys, SecondFactors } from '@curfew/accounts/factors';
import { Clock } from '@curfew/clock';
import { Interactions, type NoticePlace } from '@curfew/oidc';
import { type AuthenticationMethod, methodsTogether } from '@curfew/session-policy/authentication';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { recoveryCodesPage, secondStepDone, secondStepSettings } from '../pages/index.js';
import { seeOther, sendPage } from './answer.js';
import type { Form } from './form.js';
import { type FormProblem, inWords } from './form-problem.js';
import { type FreshProof, FreshProofs } from './fresh-proofs.js';
import { Notices } from './notices.js';
import { type FactorAct, type FactorOutcome, isFactorAct, OwnFactors } from './own-factors.js';
import { malformed } from './page-error.js';
import { PageSettings } from './page-settings.js';
import { SignIn } from './sign-in.js';
import { type Person, SignedIn } from './signed-in.js';

/** The notice on the page about the form sent before: its problem, and the proof that the person gave. */
interface SecondStepNotice {
  readonly problem?: FormProblem;
  readonly proof?: Readonly<Record<string, string>>;
}

/** A form of the page, and who sent it. */
interface Sent {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly person: Person;
  readonly form: Form;
}

/** Set up, change and remove one's second factors. Each change demands a proof of a moment ago, of every factor the account has. */
@Controller('second-step')
export class SecondStepController {
  constructor(
    private readonly signedIn: SignedIn,
    private readonly signIn: SignIn,
    private readonly factors: SecondFactors,
    private readonly passkeys: Passkeys,
    private readonly own: OwnFactors,
    private readonly proofs: FreshProofs,
    private readonly interactions: Interactions,
    private readonly notices: Notices,
    private readonly settings: PageSettings,
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
    const { problem, proof } =
      this.notices.take<SecondStepNotice>(this.place(request, response, person)) ?? {};
    const model = this.settings.pageFor(request);
    const told = problem && inWords(problem, this.settings, model.language);
    const { account, browserSessionUid, csrf } = person;
    const { totp, passkeys, recoveryCodes } = await this.factors.state(account.id);
    const markup = secondStepSettings({
      ...model,
      action: this.address,
      csrf,
      username: account.username,
      now: this.clock.now(),
      proof,
      app: totp && { since: totp.createdAt, lastUsedAt: totp.lastUsedAt },
      passkeys,
      recoveryCodes,
      always: account.secondStepAlways,
      proposed: totp || !proof ? null : await this.factors.proposed(account, browserSessionUid),
      passkey: proof
        ? this.passkeys.toMake(account, browserSessionUid, passkeys)
        : this.passkeys.toShow(browserSessionUid),
      problem: told,
      done: secondStepDone(done),
    });
    sendPage(response, markup, {
      status: told?.status ?? 200,
      retryAfter: problem?.retryAfter,
      scripts: this.settings.passkeyScripts,
    });
  }

  @Post()
  async change(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const sent = { request, response, ...(await this.signedIn.form(request, response)) };
    const act = sent.form.get('act');
    if (act !== 'prove' && !isFactorAct(act)) throw malformed();
    const proved = await this.proved(sent);
    if ('code' in proved) return this.ask(sent, { problem: proved });
    const proof = await this.proofs.fields(sent.person, proved);
    if (act === 'prove') return this.ask(sent, { proof });
    const outcome = await this.own.act(act, sent.person, sent.form);
    if (outcome.kind === 'refused') return this.ask(sent, { proof, problem: outcome.problem });
    if (outcome.kind === 'goes_on') return this.ask(sent, { proof });
    return this.finish(sent, act, proved.methods, outcome);
  }

  /** How the person proved who they are: a moment ago, or with this form. */
  private async proved({ request, person, form }: Sent): Promise<FreshProof | FormProblem> {
    const fresh = await this.proofs.read(person, form);
    if (fresh) return fresh;
    if (form.has('proof')) return { code: 'took_too_long' };
    const outcome = await this.signIn.proveAnew(request, person.account, form, person.browserSessionUid);
    if (outcome.kind === 'refused') return outcome.problem;
    return { methods: outcome.methods, at: outcome.provedAt };
  }

  private async finish(
    { request, response, person }: Sent,
    act: FactorAct,
    methods: readonly AuthenticationMethod[],
    { codes, done, proved }: Extract<FactorOutcome, { kind: 'done' }>,
  ): Promise<void> {
    // The change may have ended this browser's sign-in as well; the person has just proved who they are.
    if (proved !== undefined) {
      const { id: accountId } = person.account;
      const together = methodsTogether(methods, proved);
      await this.interactions.signInBrowser(request, response, {
        accountId,
        methods: together,
        remember: false,
      });
    }
    if (!codes) return seeOther(response, `${this.address}?done=${done}`);
    // Codes are stored as hashes, so no later page could show them.
    sendPage(
      response,
      recoveryCodesPage({ ...this.settings.pageFor(request), codes, isNew: act !== 'renew' }),
    );
  }

  private ask({ request, response, person }: Sent, notice: SecondStepNotice): void {
    this.notices.sendTo(this.place(request, response, person), notice, notice.problem?.retryAfter);
  }

  private get address(): string {
    return `${this.settings.base}/second-step`;
  }

  private place(request: IncomingMessage, response: ServerResponse, person: Person): NoticePlace {
    const binding = JSON.stringify([person.browserSessionUid, person.account.id]);
    return { request, response, address: this.address, binding };
  }
}
