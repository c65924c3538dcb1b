import type { IncomingMessage, ServerResponse } from 'node:http';
import { LinkedIdentities } from '@curfew/accounts/identity-providers';
import { Clock } from '@curfew/clock';
import type { Language } from '@curfew/pages';
import { earliest, type RequestSignals } from '@curfew/session-policy';
import { SignalsReader } from '@curfew/signals';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { applicationsPage, homePage, type SignInEntry, sessionsPage } from '../pages/index.js';
import { UpstreamParts } from '../upstream/index.js';
import { seeOther, sendPage } from './answer.js';
import { OwnAccount, type OwnSession, type OwnSignIn } from './own-account.js';
import { malformed } from './page-error.js';
import { PageSettings } from './page-settings.js';
import { SignedIn } from './signed-in.js';

/** The most sign-ins that one page shows; those behind it come up when others end. */
const maxShown = 100;

/** The pages of a signed-in person: home, sign-ins with their sessions, and allowed applications. */
@Controller()
export class AccountController {
  constructor(
    private readonly signedIn: SignedIn,
    private readonly own: OwnAccount,
    private readonly clock: Clock,
    private readonly settings: PageSettings,
    private readonly signals: SignalsReader,
    private readonly upstream: UpstreamParts,
    private readonly identities: LinkedIdentities,
  ) {}

  @Get()
  async home(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const person = await this.signedIn.require(request, response, '');
    if (!person) return;
    const { id, username, secondFactors } = person.account;
    const sessionCount = await this.own.sessionCount(id);
    const model = this.settings.pageFor(request);
    const hasSecondStep = secondFactors.length > 0;
    // Links stay while their provider is switched off, and are there to be removed.
    const hasProviders =
      this.upstream.offered.open.length > 0 || (await this.identities.ofAccount(id)).length > 0;
    sendPage(response, homePage({ ...model, username, sessionCount, hasSecondStep, hasProviders }));
  }

  @Get('sessions')
  async sessions(
    @Query('done') done: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const person = await this.signedIn.require(request, response, 'sessions');
    if (!person) return;
    const signIns = await this.own.signIns(person.account.id);
    const model = this.settings.pageFor(request);
    const page = {
      ...model,
      action: `${model.base}/sessions`,
      csrf: person.csrf,
      now: this.clock.now(),
      signIns: signIns
        .slice(0, maxShown)
        .map((signIn) => this.entryOf(model.language, signIn, person.browserSessionUid)),
      more: signIns.length > maxShown,
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
    const keepOffline = form.get('keep') === 'offline';
    const ended = await this.own.end(person.account.id, which, { keepOffline });
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
      ...this.settings.pageFor(request),
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

  private entryOf(
    language: Language,
    { id, browser, sessions }: OwnSignIn,
    browserSessionUid: string,
  ): SignInEntry {
    const shown = browser ?? sessions[0];
    const signals = browser?.signals ?? sessions[0]?.signals;
    const city = this.signals.city(signals?.ip ?? null, language.tag);
    return {
      id,
      ...placeOf(language, signals, city),
      signedInAt: shown?.signedInAt,
      lastActiveAt: browser?.lastActiveAt,
      thisBrowser: id === browserSessionUid,
      kind: browser ? 'browser' : sessions[0]?.browserSessionUid ? 'signed_out_browser' : 'device',
      sessions: sessions.map(sessionEntry),
    };
  }
}

const sessionEntry = (session: OwnSession) => ({
  id: session.id,
  clientName: session.clientName,
  lastActiveAt: session.lastActiveAt,
  expiresAt: earliest(session.inactivityDeadline, session.absoluteDeadline),
  absoluteDeadline: session.absoluteDeadline,
  idleWarningAt: session.idleWarningAt,
  offline: session.offline,
});

/** The program, the system and the network of a sign-in, as far as they are known: "Firefox", "Windows", "192.0.2.7, Berlin, Germany". */
function placeOf(language: Language, signals: RequestSignals | null | undefined, city: string | null) {
  const country = signals?.country ? language.country(signals.country) : undefined;
  const network = [signals?.ip, city, country].filter((known) => known !== null && known !== undefined);
  return {
    browser: signals?.userAgentFamily ?? undefined,
    system: signals?.operatingSystem ?? undefined,
    from: network.join(', ') || undefined,
  };
}
