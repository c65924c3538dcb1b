import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Throttle, throttleKey } from '@curfew/accounts';
import { Clock } from '@curfew/clock';
import { MailStore } from '@curfew/mail';
import { SignalsReader } from '@curfew/signals';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { forgottenPasswordPage } from '../pages/index.js';
import { seeOther, sendPage } from './answer.js';
import { freshValue, readOwnCookie, setCookie } from './cookies.js';
import { readForm } from './form.js';
import { type FormProblem, inWords } from './form-problem.js';
import { FormTokens } from './form-tokens.js';
import { Notices } from './notices.js';
import { formRefused } from './page-error.js';
import { PageSettings } from './page-settings.js';
import { refuseForeignForm } from './same-origin.js';

/** The longest name that is looked for. */
const maxName = 320;

/**
 * A person asks for a link to choose a new password. The form only writes down that somebody asked: whether there is such an account is
 * found out when the mail is sent, so that answer and time are the same for every name.
 */
@Controller('forgotten-password')
export class ForgottenPasswordController {
  constructor(
    private readonly mails: MailStore,
    private readonly throttle: Throttle,
    private readonly signals: SignalsReader,
    private readonly tokens: FormTokens,
    private readonly notices: Notices,
    private readonly settings: PageSettings,
    private readonly clock: Clock,
  ) {}

  @Get()
  show(@Query('done') done: unknown, @Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    const binding = readOwnCookie(request, this.settings, 'form') ?? freshValue();
    setCookie(response, this.settings, 'form', { value: binding });
    const place = { request, response, address: this.address, binding };
    const problem = this.notices.take<FormProblem>(place);
    const model = this.settings.pageFor(request);
    const told = problem && inWords(problem, this.settings, model.language);
    const { sendsMail } = this.settings;
    const csrf = this.tokens.issue('forgotten-password', binding);
    const form = { action: this.address, csrf, sendsMail, sent: done === 'sent', problem: told?.text };
    sendPage(response, forgottenPasswordPage({ ...model, ...form }), {
      status: told?.status ?? 200,
      retryAfter: problem?.retryAfter,
    });
  }

  @Post()
  async ask(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    refuseForeignForm(request, this.settings.origin);
    const form = await readForm(request, this.settings.parts.bodyBytes);
    const binding = readOwnCookie(request, this.settings, 'form');
    if (!binding || !this.tokens.verify(form.get('csrf'), 'forgotten-password', binding)) throw formRefused();
    const problem = await this.take(request, form.get('username') ?? '');
    const place = { request, response, address: this.address, binding };
    if (problem) return this.notices.sendTo(place, problem, problem.retryAfter);
    seeOther(response, `${this.address}?done=sent`);
  }

  private async take(request: IncomingMessage, typed: string): Promise<FormProblem | undefined> {
    const name = typed.trim().slice(0, maxName);
    if (name === '') return { code: 'name_missing' };
    const { sendsMail, mailLimit } = this.settings;
    if (!sendsMail) return undefined;
    const { headers, socket } = request;
    const { prefix } = this.signals.read({ socketAddress: socket.remoteAddress, headers });
    const verdict = await this.throttle.take(throttleKey('mail', prefix ?? 'unknown'), mailLimit);
    if (!verdict.allowed) return { code: 'throttled', retryAfter: verdict.retryAfter };
    const language = this.settings.pageFor(request).language.tag;
    const facts = { name, language };
    const mail = { id: randomUUID(), kind: 'forgotten_password', accountId: null, facts } as const;
    await this.mails.put([mail], this.clock.now());
    return undefined;
  }

  private get address(): string {
    return `${this.settings.base}/forgotten-password`;
  }
}
