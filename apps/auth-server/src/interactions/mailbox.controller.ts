import type { IncomingMessage, ServerResponse } from 'node:http';
import { Clock } from '@curfew/clock';
import { MailStore } from '@curfew/mail';
import { Controller, Get, Req, Res } from '@nestjs/common';
import { mailboxPage } from '../pages/index.js';
import { sendPage } from './answer.js';
import { PageSettings } from './page-settings.js';

/** The letters that development does not send. Registered only where the configuration has a mailbox, and never in production. */
@Controller('mailbox')
export class MailboxController {
  constructor(
    private readonly mails: MailStore,
    private readonly settings: PageSettings,
    private readonly clock: Clock,
  ) {}

  @Get()
  async show(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const page = {
      ...this.settings.pageFor(request),
      now: this.clock.now(),
      letters: await this.mails.kept(),
    };
    sendPage(response, mailboxPage(page));
  }
}
