import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from '@curfew/accounts';
import { Interactions } from '@curfew/oidc';
import { Injectable } from '@nestjs/common';
import { seeOther } from './answer.js';
import { type Form, readForm } from './form.js';
import { FormTokens } from './form-tokens.js';
import { formRefused } from './page-error.js';
import { PageSettings } from './page-settings.js';
import { refuseForeignForm } from './same-origin.js';

/** The person at this browser, and the token their forms carry. */
export interface Person {
  readonly account: Account;
  readonly browserSessionUid: string;
  readonly csrf: string;
}

/** Tells who is signed in with a browser, for the pages that are about oneself. */
@Injectable()
export class SignedIn {
  constructor(
    private readonly interactions: Interactions,
    private readonly tokens: FormTokens,
    private readonly settings: PageSettings,
  ) {}

  /** The person who is signed in; undefined if the account was disabled or deleted meanwhile. */
  async find(request: IncomingMessage, response: ServerResponse): Promise<Person | undefined> {
    const current = await this.interactions.currentAccount(request, response);
    if (!current || current.account.disabledAt !== null) return undefined;
    const { account, browserSessionUid } = current;
    return { account, browserSessionUid, csrf: this.tokens.issue('account', browserSessionUid, account.id) };
  }

  /** As `find`; sends everybody else to sign in first and returns undefined. */
  async require(
    request: IncomingMessage,
    response: ServerResponse,
    next: string,
  ): Promise<Person | undefined> {
    const person = await this.find(request, response);
    if (!person) seeOther(response, `${this.settings.base}/sign-in${next && `?next=${next}`}`);
    return person;
  }

  /** The form a signed-in person sent from one of our pages; 403 for everything else. */
  async form(request: IncomingMessage, response: ServerResponse): Promise<{ person: Person; form: Form }> {
    refuseForeignForm(request, this.settings.origin);
    const form = await readForm(request, this.settings.parts.bodyBytes);
    const person = await this.find(request, response);
    if (!person) throw formRefused();
    const { account, browserSessionUid } = person;
    if (!this.tokens.verify(form.get('csrf'), 'account', browserSessionUid, account.id)) throw formRefused();
    return { person, form };
  }
}
