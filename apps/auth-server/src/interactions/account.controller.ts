import type { IncomingMessage, ServerResponse } from 'node:http';
import { Clock } from '@curfew/clock';
import { earliest } from '@curfew/session-policy';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { applicationsPage, homePage, type SessionEntry, sessionsPage } from '../pages/index.js';
import { seeOther, sendPage } from './answer.js';
import { OwnAccount, type OwnSession } from './own-account.js';
import { malformed } from './page-error.js';
import { PageSettings } from './page-settings.js';
import { SignedIn } from './signed-in.js';

/** So many sessions one page shows; those behind it come up when others end. */
const mostShown = 100;

/** The pages of a signed-in person: where they land, what is signed in where, which applications they allowed what. */
@Controller()
export class AccountController {
  constructor(
    private readonly signedIn: SignedIn,
    private readonly own: OwnAccount,
    private readonly clock: Clock,
    private readonly settings: PageSettings,
  ) {}

  @Get()
  async home(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const person = await this.signedIn.require(request, response, '');
    if (!person) return;
    const { id, username } = person.account;
    const sessionCount = await this.own.sessionCount(id);
    sendPage(response, homePage({ base: this.settings.base, username, sessionCount }));
  }

  @Get('sessions')
  async sessions(
    @Query('done') done: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const person = await this.signedIn.require(request, response, 'sessions');
    if (!person) return;
    const sessions = await this.own.sessions(person.account.id);
    const page = {
      base: this.settings.base,
      action: `${this.settings.base}/sessions`,
      csrf: person.csrf,
      now: this.clock.now(),
      sessions: sessions.slice(0, mostShown).map((session) => entryOf(session, person.browserSessionUid)),
      more: sessions.length > mostShown,
      done: done === 'one' || done === 'others' || done === 'gone' ? done : undefined,
    } as const;
    sendPage(response, sessionsPage(page));
  }

  @Post('sessions')
  async end(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const { person, form } = await this.signedIn.form(request, response);
    const which = form.get('end');
    if (which === undefined) throw malformed();
    if (which === 'others') {
      await this.own.endOthers(person.account.id, person.browserSessionUid);
      return seeOther(response, `${this.settings.base}/sessions?done=others`);
    }
    const ended = await this.own.end(person.account.id, which);
    return seeOther(response, `${this.settings.base}/sessions?done=${ended ? 'one' : 'gone'}`);
  }

  @Get('applications')
  async applications(
    @Query('done') done: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const person = await this.signedIn.require(request, response, 'applications');
    if (!person) return;
    const page = {
      base: this.settings.base,
      action: `${this.settings.base}/applications`,
      csrf: person.csrf,
      now: this.clock.now(),
      applications: await this.own.applications(person.account.id),
      withdrawn: done === 'withdrawn',
    };
    sendPage(response, applicationsPage(page));
  }

  @Post('applications')
  async withdraw(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const { person, form } = await this.signedIn.form(request, response);
    const clientId = form.get('withdraw');
    if (clientId === undefined) throw malformed();
    await this.own.withdrawConsent(person.account.id, clientId);
    seeOther(response, `${this.settings.base}/applications?done=withdrawn`);
  }
}

function entryOf(session: OwnSession, browserSessionUid: string): SessionEntry {
  const { userAgentFamily, operatingSystem, ip, country } = session.signals;
  const device = [userAgentFamily, operatingSystem].filter((known) => known !== null).join(' on ');
  const from = [ip, country].filter((known) => known !== null).join(', ');
  return {
    ...session,
    expiresAt: earliest(session.inactivityDeadline, session.absoluteDeadline),
    device: device === '' ? undefined : device,
    from: from === '' ? undefined : from,
    thisBrowser: session.browserSessionUid === browserSessionUid,
  };
}
