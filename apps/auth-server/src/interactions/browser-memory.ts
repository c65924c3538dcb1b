import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from '@curfew/accounts';
import { rememberedUntil, SecondFactors } from '@curfew/accounts/factors';
import { Clock } from '@curfew/clock';
import { OperationParts } from '@curfew/operations';
import { rememberBrowser } from '@curfew/operations/second-factors';
import { type Instant, instant, secondsUntil } from '@curfew/session-policy';
import { SignalsReader } from '@curfew/signals';
import { Injectable } from '@nestjs/common';
import { freshValue, readCookieText, setCookie } from './cookies.js';
import { personAt } from './own-account.js';
import { PageSettings } from './page-settings.js';
import { valueFor, withValue } from './remembered-values.js';

const purpose = 'remembered';

/** The wish of a person that a browser be remembered, before their second step is checked. */
export interface MemoryWish {
  /** The version of the authenticators that they are about to show. */
  readonly version: string;
  readonly until: Instant;
}

/** Remembers browsers in which a person is spared the second step at the sign-in, as far as the policy of everyone lets it. */
@Injectable()
export class BrowserMemory {
  constructor(
    private readonly parts: OperationParts,
    private readonly factors: SecondFactors,
    private readonly signals: SignalsReader,
    private readonly settings: PageSettings,
    private readonly clock: Clock,
  ) {}

  /** For how many days a browser can be remembered for this account; 0 for not at all. */
  async days({ mustChangePassword }: Account): Promise<number> {
    return mustChangePassword ? 0 : (await this.parts.sessions.everyonesPolicy()).rememberedBrowserDays;
  }

  /** Whether this browser is remembered for the account. */
  async spares(request: IncomingMessage, account: Account): Promise<boolean> {
    const token = this.#tokenOf(request, account.id);
    const days = token === undefined ? 0 : await this.days(account);
    if (token === undefined || days === 0) return false;
    const now = this.clock.now();
    return this.factors.browsers.knows(account.id, token, instant(now - days * 86_400_000), now);
  }

  /** Takes the wish up, if the policy lets it. */
  async wish(account: Account): Promise<MemoryWish | undefined> {
    const until = rememberedUntil(await this.parts.sessions.everyonesPolicy(), this.clock.now());
    if (until === null || account.mustChangePassword) return undefined;
    const { version } = await this.factors.authenticators(account.id);
    return { version, until };
  }

  /**
   * Gives the browser a fresh value by which it is known for the account, before its answer leaves. Nobody who was at the browser before has
   * seen it.
   */
  introduce(
    request: IncomingMessage,
    response: ServerResponse,
    accountId: string,
    { until }: MemoryWish,
  ): string {
    const token = freshValue();
    const value = withValue(readCookieText(request, this.settings, purpose), accountId, token);
    setCookie(response, this.settings, purpose, { value, maxAge: secondsUntil(until, this.clock.now()) });
    return token;
  }

  /** The sign-in is complete: the browser is remembered from now on, until its end. */
  async remember(
    request: IncomingMessage,
    accountId: string,
    token: string,
    { version, until, browserSessionUid }: MemoryWish & { readonly browserSessionUid: string },
  ): Promise<void> {
    const { headers, socket } = request;
    const seen = this.signals.read({ socketAddress: socket.remoteAddress, headers });
    const device = { browser: seen.userAgentFamily ?? null, system: seen.operatingSystem ?? null };
    const replaces = this.#tokenOf(request, accountId);
    const browser = { accountId, token, replaces, version, browserSessionUid, ...device };
    await rememberBrowser(this.parts, browser, until, personAt(accountId));
  }

  /** The account is signed in anew in this browser: an end of that sign-in ends its being remembered as well, whatever was proved. */
  async follow(request: IncomingMessage, accountId: string, browserSessionUid: string): Promise<void> {
    const token = this.#tokenOf(request, accountId);
    if (token === undefined) return;
    await this.factors.browsers.follow(accountId, token, browserSessionUid, this.clock.now());
  }

  #tokenOf(request: IncomingMessage, accountId: string): string | undefined {
    return valueFor(readCookieText(request, this.settings, purpose), accountId);
  }
}
