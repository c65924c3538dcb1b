import { type Account, AccountService, asksSecondStep } from '@curfew/accounts';
import { SecondFactors } from '@curfew/accounts/factors';
import { Clock } from '@curfew/clock';
import type { NoticePlace, RecognisedPerson } from '@curfew/oidc';
import type { Instant } from '@curfew/session-policy';
import {
  type AuthenticationMethod,
  contextOf,
  methodsTogether,
  reaches,
} from '@curfew/session-policy/authentication';
import { Injectable } from '@nestjs/common';
import type { SignInPage } from '../pages/index.js';
import { seeOther, sendPage } from './answer.js';
import { BrowserMemory } from './browser-memory.js';
import type { Form } from './form.js';
import { type FormProblem, problemOfError } from './form-problem.js';
import { FormTokens } from './form-tokens.js';
import { Notices } from './notices.js';
import { OwnAccount } from './own-account.js';
import { PageSettings } from './page-settings.js';
import { SignIn } from './sign-in.js';
import {
  type DuePassword,
  type DueSecondStep,
  drawSignIn,
  type FirstProof,
  fieldsOfStep,
  type SecondStepAnswers,
  type SignInNotice,
  stepOf,
  valuesOfStep,
} from './sign-in-forms.js';
import { type UpstreamProof, UpstreamSignIn, type UpstreamWish } from './upstream-sign-in.js';

/** The place of a sign-in: an application's interaction, or the pages of this server. */
export interface SignInPlace extends NoticePlace {
  /** The language of its page (RFC 5646). */
  readonly language: string;
  /** The parts that every rendering of the form there shares, made anew; an answer to a form shows none of them. */
  page(): SignInPage;
  /** Set where the sign-in leads to an application. */
  readonly leadsOut?: boolean;
  /** The client, where the sign-in ends an interaction: its commit records the proof, too. */
  readonly clientId?: string;
  /** The demands on a sign-in with another identity provider. */
  readonly upstream?: UpstreamWish;
  /** Set for a person who is signed in and only has to prove a further factor: the account, and how it goes on. */
  readonly stepUp?: SecondStepAnswers & {
    readonly accountId: string;
    finish(methods: readonly AuthenticationMethod[]): Promise<void>;
  };
}

/** Completes a sign-in with the person who was recognised; the uid of their browser session, where one came of it. */
type Finish = (person: RecognisedPerson) => Promise<string | undefined>;

/** Seconds that the form of a second step, or of a new password, may be answered in. */
const formWithin = 600;

/** From the first form to a recognised person, by way of a new password where one is due. */
@Injectable()
export class SignInFlow {
  constructor(
    private readonly signIn: SignIn,
    private readonly accounts: AccountService,
    private readonly factors: SecondFactors,
    private readonly own: OwnAccount,
    private readonly memory: BrowserMemory,
    private readonly upstream: UpstreamSignIn,
    private readonly tokens: FormTokens,
    private readonly notices: Notices,
    private readonly settings: PageSettings,
    private readonly clock: Clock,
  ) {}

  /**
   * The form, with what there is to say of the one before; or what follows from a sign-in with another identity provider, which has led back
   * here.
   */
  async show(place: SignInPlace, complete: Finish): Promise<void> {
    const notice = this.notices.take<SignInNotice>(place) ?? {};
    if (notice.upstream) return this.takeUpstream(place, notice.upstream, this.remembering(place, complete));
    const { markup, status, leadsElsewhere } = drawSignIn(place.page(), notice, this.settings, place.stepUp);
    sendPage(place.response, markup, {
      leadsOut: place.leadsOut || leadsElsewhere,
      status,
      retryAfter: notice.problem?.retryAfter,
      scripts: this.settings.passkeyScripts,
    });
  }

  /** Answers a form: with `complete` and who signed in, or by asking again. */
  async answer(place: SignInPlace, form: Form, complete: Finish): Promise<void> {
    const finish = this.remembering(place, complete);
    const upstream = form.get('upstream');
    if (upstream !== undefined) return this.goElsewhere(place, upstream);
    if (form.has('second')) return this.takeSecondStep(place, form, finish);
    if (place.stepUp) return this.stepUp(place, place.stepUp, form);
    if (form.has('proof')) return this.changeDuePassword(place, form, finish);
    if (form.get('credential')) return this.takePasskey(place, form, finish);
    const outcome = await this.signIn.attempt(place.request, place.response, form);
    const remember = form.get('remember') === 'yes';
    if (outcome.kind === 'refused') {
      const username = form.get('username')?.slice(0, 320);
      return this.ask(place, { problem: outcome.problem, username, remember });
    }
    const { account, settlement } = outcome;
    return this.goOn(place, account, { remember, settlement }, finish);
  }

  /** A browser that is signed in anew is still the one that is remembered. The language of the page is that of later letters. */
  private remembering(place: SignInPlace, complete: Finish): Finish {
    return async (person) => {
      const uid = await complete({ ...person, language: place.language });
      if (uid !== undefined) await this.memory.follow(place.request, person.accountId, uid);
      return uid;
    };
  }

  private async goElsewhere(place: SignInPlace, provider: string, isFresh = false): Promise<void> {
    const wish = place.upstream ?? { isFresh, context: null };
    const to = await this.upstream.begin(place, provider, { ...wish, isFresh: isFresh || wish.isFresh });
    if ('code' in to) return this.ask(place, { problem: to });
    seeOther(place.response, to.href);
  }

  /**
   * Another identity provider has signed the person in. A second step that the account has is asked for, unless two factors were proved
   * there: the provider must not be a way around it. A new password that is due waits for a sign-in by the old one.
   */
  private async takeUpstream(place: SignInPlace, proof: UpstreamProof, finish: Finish): Promise<void> {
    const { accountId, methods, provedAt, upstream } = proof;
    // The session there is older than an end of everything here. Its proof would sign nobody in, as often as it was brought.
    if (await this.upstream.isOver(proof)) return this.goElsewhere(place, proof.provider, true);
    const account = await this.accounts.findById(accountId);
    if (account?.disabledAt !== null) return this.ask(place, { problem: { code: 'upstream_unknown' } });
    const isProved = reaches(contextOf(methods), 'urn:curfew:acr:mfa');
    if (asksSecondStep(account) && !isProved && !(await this.memory.spares(place.request, account)))
      return this.askAfter(place, account, { methods, provedAt, upstream, isPassword: false });
    await finish({ accountId, methods, provedAt, upstream });
  }

  /** The password was right: the sign-in is complete, or its second step follows, or else the new password that is due. */
  private async goOn(
    place: SignInPlace,
    account: Account,
    { remember, settlement }: Pick<RecognisedPerson, 'settlement'> & { readonly remember: boolean },
    finish: Finish,
  ): Promise<void> {
    const isSpared = asksSecondStep(account) && (await this.memory.spares(place.request, account));
    const [methods, now] = [['pwd'] as const, this.clock.now()];
    if (asksSecondStep(account) && !isSpared)
      return this.askAfter(place, account, { methods, provedAt: now, isPassword: true }, remember);
    if (account.mustChangePassword)
      return this.askForNewPassword(place, account, { remember, methods, shownAt: now });
    // A browser that is remembered proves nothing: this is a sign-in by password alone.
    await finish({ accountId: account.id, methods, remember, settlement });
  }

  /** A passkey is two factors, so that neither a password, also one that is due, nor a second step is missing. */
  private async takePasskey(place: SignInPlace, form: Form, finish: Finish): Promise<void> {
    const remember = form.get('remember') === 'yes';
    const { request, binding, clientId } = place;
    const outcome = await (clientId === undefined
      ? this.signIn.verifyPasskey(request, form, binding)
      : this.signIn.provePasskey(request, form, { binding, clientId }));
    if (outcome.kind === 'refused') return this.ask(place, { problem: outcome.problem, remember });
    const { account, methods, provedAt, passkeyUse, read } = outcome;
    await finish({ accountId: account.id, methods, remember, provedAt, passkeyUse, ...(read && { read }) });
  }

  private askAfter(place: SignInPlace, account: Account, first: FirstProof, remember = false): Promise<void> {
    return this.askForSecondStep(place, account, { remember, first, shownAt: this.clock.now() });
  }

  private async askForSecondStep(
    place: SignInPlace,
    account: Account,
    { remember, problem, ...due }: DueSecondStep,
  ): Promise<void> {
    const fields = fieldsOfStep(due);
    const proof = {
      account: account.id,
      ...fields,
      second: this.tokens.issue('second-step', ...proven(place, account), ...valuesOfStep(fields)),
      ...(remember ? { remember: 'yes' } : {}),
    };
    const { secondFactors: answering } = account;
    const rememberedDays = await this.memory.days(account);
    this.ask(place, { proof, due: 'second_step', answering, rememberedDays, ...(problem && { problem }) });
  }

  private async takeSecondStep(place: SignInPlace, form: Form, finish: Finish): Promise<void> {
    const account = await this.accounts.findById(form.get('account') ?? '');
    const { values, ...due } = stepOf(form);
    const isOpen = account?.disabledAt === null;
    const isFresh = this.isFresh(due);
    const proof = account && [...proven(place, account), ...values];
    if (!isOpen || !isFresh || !proof || !this.tokens.verify(form.get('second'), 'second-step', ...proof))
      return this.ask(place, { problem: { code: 'took_too_long' } });
    const remember = form.get('remember') === 'yes';
    const wish = form.get('trust') === 'yes' ? await this.memory.wish(account) : undefined;
    const outcome = await this.signIn.verifySecond(place.request, account, form, place.binding);
    if (outcome.kind === 'refused')
      return this.askForSecondStep(place, account, { remember, ...due, problem: outcome.problem });
    const { provedAt, isPassword, upstream } = due.first;
    const methods = methodsTogether(due.first.methods, outcome.methods);
    if (account.mustChangePassword && isPassword)
      return this.askForNewPassword(place, account, { remember, methods, shownAt: this.clock.now() });
    const token = wish && this.memory.introduce(place.request, place.response, account.id, wish);
    const uid = await finish({ accountId: account.id, methods, remember, provedAt, upstream });
    if (!wish || token === undefined || uid === undefined) return;
    await this.memory.remember(place.request, account.id, token, { ...wish, browserSessionUid: uid });
  }

  private async stepUp(
    place: SignInPlace,
    { accountId, finish }: NonNullable<SignInPlace['stepUp']>,
    form: Form,
  ): Promise<void> {
    const account = await this.accounts.findById(accountId);
    if (account?.disabledAt !== null) return this.ask(place, { problem: { code: 'took_too_long' } });
    const outcome = await this.signIn.verifySecond(place.request, account, form, place.binding);
    if (outcome.kind === 'refused') return this.ask(place, { problem: outcome.problem });
    return finish(outcome.methods);
  }

  private ask(place: SignInPlace, notice: SignInNotice): void {
    this.notices.sendTo(place, notice, notice.problem?.retryAfter);
  }

  /** The form knows the authenticators that were proved: a factor that the account gets by then was not asked for. */
  private async askForNewPassword(
    place: SignInPlace,
    account: Account,
    { remember, methods, shownAt, problem, ...given }: DuePassword,
  ): Promise<void> {
    const held = await this.factors.authenticators(account.id);
    if (given.version === undefined && String(held.kinds) !== String(account.secondFactors))
      return this.ask(place, { problem: { code: 'took_too_long' } });
    const { version } = { ...held, ...given };
    const [proved, at] = [methods.join(' '), String(shownAt)];
    const proof = {
      account: account.id,
      ...{ proved, version, at },
      proof: this.tokens.issue('new-password', ...proven(place, account), proved, version, at),
      ...(remember ? { remember: 'yes' } : {}),
    };
    this.ask(place, { proof, due: 'password', username: account.username, ...(problem && { problem }) });
  }

  /** The change ends everything that was proved before it, so that the sign-in counts from then on: soon after its proofs. */
  private async changeDuePassword(place: SignInPlace, form: Form, finish: Finish): Promise<void> {
    const account = await this.accounts.findById(form.get('account') ?? '');
    const due = account?.mustChangePassword && account.disabledAt === null;
    const [proof, proved = '', version = ''] = [form.get('proof'), form.get('proved'), form.get('version')];
    const shownAt = Number(form.get('at')) as Instant;
    const isShown = (...facts: string[]) =>
      this.isFresh({ shownAt }) &&
      this.tokens.verify(proof, 'new-password', ...facts, proved, version, String(shownAt));
    if (!due || !isShown(...proven(place, account)))
      return this.ask(place, { problem: { code: 'took_too_long' } });
    const remember = form.get('remember') === 'yes';
    const password = form.get('new') ?? '';
    const problem: FormProblem | undefined =
      password === form.get('repeat')
        ? await this.change(account, password, version)
        : { code: 'repeat_differs' };
    if (problem?.code === 'authenticators_changed') return this.ask(place, { problem });
    const methods = methodsTogether(proved.split(' '));
    if (problem)
      return this.askForNewPassword(place, account, { remember, methods, shownAt, problem, version });
    await finish({ accountId: account.id, methods, remember });
  }

  private isFresh({ shownAt }: Pick<DueSecondStep, 'shownAt'>): boolean {
    return this.clock.now() - shownAt < formWithin * 1000;
  }

  private async change(
    account: Account,
    password: string,
    version: string,
  ): Promise<FormProblem | undefined> {
    try {
      await this.own.changePassword(account, password, { endSessions: true, version });
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
