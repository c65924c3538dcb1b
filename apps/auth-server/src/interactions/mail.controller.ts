import type { IncomingMessage, ServerResponse } from 'node:http';
import { Profiles, Throttle, throttleKey } from '@curfew/accounts';
import { askForEmailChange, OperationParts, personWithProof } from '@curfew/operations';
import { SignalsReader } from '@curfew/signals';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { mailPage } from '../pages/index.js';
import { seeOther } from './answer.js';
import { type FormProblem, problemOfError } from './form-problem.js';
import { OwnPages, type SentForm } from './own-pages.js';
import { PageSettings } from './page-settings.js';

/**
 * See and change one's address of email. A forgotten password is replaced by mail, so that another address is a way in: it is asked for with
 * a fresh proof, and changed when the person confirms it there.
 */
@Controller('mail')
export class MailController {
  constructor(
    private readonly pages: OwnPages,
    private readonly parts: OperationParts,
    private readonly profiles: Profiles,
    private readonly throttle: Throttle,
    private readonly signals: SignalsReader,
    private readonly settings: PageSettings,
  ) {}

  @Get()
  async show(
    @Query('done') done: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const page = await this.pages.open('mail', request, response);
    if (!page) return;
    const { email, emailVerified } = await this.profiles.of(page.person.account.id);
    const markup = mailPage({
      ...page.model,
      ...page.proofFields,
      address: email,
      isConfirmed: emailVerified,
      sendsMail: this.settings.sendsMail,
      isSent: done === 'sent',
    });
    page.send(markup);
  }

  @Post()
  async change(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const sent = await this.pages.form('mail', request, response);
    const asked = await this.ask(sent);
    if (typeof asked !== 'boolean') return this.pages.ask(sent, { problem: asked });
    seeOther(response, `${this.pages.addressOf('mail')}${asked ? '?done=sent' : ''}`);
  }

  /** Whether a link is on its way, or why not. */
  private async ask(sent: SentForm): Promise<FormProblem | boolean> {
    if (!this.settings.sendsMail) return false;
    const proved = await this.pages.proveAnew(sent);
    if ('code' in proved) return proved;
    const { headers, socket } = sent.request;
    const { prefix } = this.signals.read({ socketAddress: socket.remoteAddress, headers });
    const key = throttleKey('mail', prefix ?? 'unknown');
    const verdict = await this.throttle.take(key, this.settings.mailLimit);
    if (!verdict.allowed) return { code: 'throttled', retryAfter: verdict.retryAfter };
    const { id: accountId } = sent.person.account;
    const wanted = {
      ...{ accountId, typed: sent.form.get('address') ?? '', version: proved.version },
      language: this.settings.pageFor(sent.request).language.tag,
    };
    try {
      const author = personWithProof(this.parts, accountId, proved.version);
      return await askForEmailChange(this.parts, wanted, author);
    } catch (error) {
      return problemOfError(error);
    }
  }
}
