import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Account, AccountError, AccountService } from '@curfew/accounts';
import { SecondFactors } from '@curfew/accounts/factors';
import { Clock } from '@curfew/clock';
import { type FoundLink, OneTimeLinks, readEmailChange } from '@curfew/mail';
import type { NoticePlace } from '@curfew/oidc';
import { changeEmail, choosePassword, confirmEmail, disownSignIn, OperationParts } from '@curfew/operations';
import { Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { linkButtonPage, linkDonePage, linkGonePage, linkPasswordPage } from '../pages/index.js';
import { seeOther, sendPage } from './answer.js';
import { type Form, readForm } from './form.js';
import { type FormProblem, inWords, problemOfCode, problemOfError } from './form-problem.js';
import { Notices } from './notices.js';
import { untilOver } from './own-account.js';
import { PageLog } from './page-log.js';
import { PageSettings } from './page-settings.js';
import { refuseForeignForm } from './same-origin.js';
import { SignIn } from './sign-in.js';

const purposes = ['invitation', 'password_reset', 'email_verification', 'email_change', 'not_me'] as const;
type Purpose = (typeof purposes)[number];

/** The refusals after which a link is worth nothing. */
const voids: readonly string[] = ['link_gone', 'email_taken', 'authenticators_changed'];

/** A link of a mail that can be used, and its account. */
interface Opened {
  readonly purpose: Purpose;
  readonly token: string;
  readonly link: FoundLink;
  readonly account: Account;
}

/**
 * The pages of links that were sent by mail. Programs that look through mail open links, so GET only shows a page and POST acts. The secret in
 * the address is what a foreign site lacks; a form needs no other token.
 */
@Controller('link')
export class LinkController {
  constructor(
    private readonly parts: OperationParts,
    private readonly links: OneTimeLinks,
    private readonly accounts: AccountService,
    private readonly signIn: SignIn,
    private readonly factors: SecondFactors,
    private readonly notices: Notices,
    private readonly settings: PageSettings,
    private readonly log: PageLog,
    private readonly clock: Clock,
  ) {}

  @Get('done')
  done(@Query('what') what: unknown, @Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    const done = what === 'email' ? 'email' : 'password';
    sendPage(response, linkDonePage({ done, ...this.settings.pageFor(request) }));
  }

  @Get(':purpose/:token')
  async show(
    @Param('purpose') purpose: string,
    @Param('token') token: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const opened = await this.open(purpose, token);
    if (!opened) return this.gone(request, response);
    const { link, account } = opened;
    const model = { ...this.settings.pageFor(request), action: this.addressOf(opened) };
    if (opened.purpose !== 'invitation' && opened.purpose !== 'password_reset') {
      const subject = { not_me: account.username, email_verification: link.subject } as const;
      const about =
        opened.purpose === 'email_change' ? readEmailChange(link.subject).address : subject[opened.purpose];
      return sendPage(response, linkButtonPage({ ...model, purpose: opened.purpose, subject: about }));
    }
    const problem = this.notices.take<FormProblem>(this.place(request, response, opened));
    const told = problem && inWords(problem, this.settings, model.language);
    const page = linkPasswordPage({
      ...model,
      username: account.username,
      minLength: this.settings.parts.shortestPassword,
      isInvitation: opened.purpose === 'invitation',
      asksCode: account.secondFactors.length > 0,
      problem: told,
    });
    sendPage(response, page, { status: told?.status ?? 200, retryAfter: problem?.retryAfter });
  }

  @Post(':purpose/:token')
  async act(
    @Param('purpose') purpose: string,
    @Param('token') token: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    refuseForeignForm(request, this.settings.origin);
    const form = await readForm(request, this.settings.parts.bodyBytes);
    // A password costs a hash, so nobody gets that far without a link.
    const opened = await this.open(purpose, token);
    if (!opened) return this.gone(request, response);
    try {
      await this.carryOut(opened, form, request, response);
    } catch (error) {
      // An address that another account has confirmed meanwhile cannot be confirmed again.
      if (!(error instanceof AccountError) || !voids.includes(error.code)) throw error;
      this.gone(request, response);
    }
  }

  private async carryOut(
    opened: Opened,
    form: Form,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { purpose, token, account } = opened;
    const { base } = this.settings;
    if (purpose === 'email_verification') {
      await confirmEmail(this.parts, token);
      return seeOther(response, `${base}/link/done?what=email`);
    }
    if (purpose === 'email_change') {
      await changeEmail(this.parts, token);
      this.log.note('email_changed', { accountId: account.id });
      return seeOther(response, `${base}/link/done?what=email`);
    }
    if (purpose === 'not_me') {
      const { at, resetToken } = await disownSignIn(this.parts, token);
      this.log.note('sign_in_disowned', { accountId: account.id });
      await untilOver(at, this.clock);
      return seeOther(response, `${base}/link/password_reset/${resetToken}`);
    }
    const problem = await this.choose({ ...opened, purpose }, form, request);
    if (problem) {
      const place = this.place(request, response, opened);
      return this.notices.sendTo(place, problem, problem.retryAfter);
    }
    seeOther(response, `${base}/link/done?what=password`);
  }

  /** A mailbox is one factor: an account with a second one demands it as well, and no mail takes it away. */
  private async choose(
    { purpose, token, account }: Opened & { readonly purpose: 'invitation' | 'password_reset' },
    form: Form,
    request: IncomingMessage,
  ): Promise<FormProblem | undefined> {
    const typed = form.get('new') ?? '';
    if (typed !== form.get('repeat')) return { code: 'repeat_differs' };
    try {
      const password = await this.accounts.preparePassword(account.username, typed);
      const { kinds, version } = await this.factors.authenticators(account.id);
      if (kinds.length > 0) {
        const verdict = await this.signIn.verifyCode(request, account, form.get('code') ?? '');
        if (verdict.kind !== 'ok') return problemOfCode(verdict);
      }
      const { at } = await choosePassword(this.parts, { purpose, token, password, version });
      this.log.note('password_chosen_by_link', { accountId: account.id, purpose });
      await untilOver(at, this.clock);
      return undefined;
    } catch (error) {
      if (error instanceof AccountError && error.code === 'link_gone') throw error;
      return problemOfError(error);
    }
  }

  private async open(purpose: string, token: string): Promise<Opened | undefined> {
    const known = purposes.find((one) => one === purpose);
    if (!known || !/^[\w-]{43}$/.test(token)) return undefined;
    const link = await this.links.find(known, token);
    const account = link && (await this.accounts.findById(link.accountId));
    if (!link || !account || account.disabledAt !== null) return undefined;
    return { purpose: known, token, link, account };
  }

  private gone(request: IncomingMessage, response: ServerResponse): void {
    sendPage(response, linkGonePage(this.settings.pageFor(request)), { status: 410 });
  }

  private addressOf({ purpose, token }: Opened): string {
    return `${this.settings.base}/link/${purpose}/${token}`;
  }

  private place(request: IncomingMessage, response: ServerResponse, opened: Opened): NoticePlace {
    return { request, response, address: this.addressOf(opened), binding: opened.token };
  }
}
