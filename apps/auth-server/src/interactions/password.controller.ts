import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { passwordPage } from '../pages/index.js';
import { seeOther } from './answer.js';
import { type FormProblem, problemOfError } from './form-problem.js';
import { OwnAccount } from './own-account.js';
import { OwnPages, type SentForm } from './own-pages.js';
import { PageLog } from './page-log.js';
import { PageSettings } from './page-settings.js';

/** Change one's password: the current one is asked for, with a code where there is a second factor, and counted like a sign-in so that nobody guesses it here. */
@Controller('password')
export class PasswordController {
  constructor(
    private readonly pages: OwnPages,
    private readonly own: OwnAccount,
    private readonly settings: PageSettings,
    private readonly log: PageLog,
  ) {}

  @Get()
  async show(
    @Query('done') done: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const page = await this.pages.open('password', request, response);
    if (!page) return;
    const markup = passwordPage({
      ...page.model,
      ...page.proofFields,
      changed: done === 'changed' || done === 'others' ? { endedOthers: done === 'others' } : undefined,
      endsOthers: await this.own.passwordEndsSessions(page.person.account.id),
      minLength: this.settings.parts.shortestPassword,
    });
    page.send(markup);
  }

  @Post()
  async change(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const sent = await this.pages.form('password', request, response);
    const proved =
      sent.form.get('new') === sent.form.get('repeat')
        ? await this.pages.proveAnew(sent)
        : ({ code: 'repeat_differs' } as const);
    if ('code' in proved) return this.pages.ask(sent, { problem: proved });
    const outcome = await this.set(sent, proved.version);
    if ('code' in outcome) return this.pages.ask(sent, { problem: outcome });
    this.log.note('password_changed', { accountId: sent.person.account.id });
    // This browser's sign-in ended as well.
    if (outcome.endedAll) await this.pages.signInAgain(sent, proved.methods);
    const done = outcome.endedAll ? 'others' : 'changed';
    seeOther(response, `${this.pages.addressOf('password')}?done=${done}`);
  }

  private async set(
    { person, form }: SentForm,
    version: string,
  ): Promise<FormProblem | { readonly endedAll: boolean }> {
    try {
      const endSessions = form.get('end_others') === 'yes';
      const password = form.get('new') ?? '';
      return { endedAll: await this.own.changePassword(person.account, password, { endSessions, version }) };
    } catch (error) {
      return problemOfError(error);
    }
  }
}
