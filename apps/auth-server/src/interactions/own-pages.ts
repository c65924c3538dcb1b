import type { IncomingMessage, ServerResponse } from 'node:http';
import { Passkeys } from '@curfew/accounts/factors';
import { Interactions, type NoticePlace } from '@curfew/oidc';
import type { PageDocument, PageModel } from '@curfew/pages';
import type { AuthenticationMethod } from '@curfew/session-policy/authentication';
import { Injectable } from '@nestjs/common';
import { codeOfProof, type PasswordPage } from '../pages/index.js';
import { sendPage } from './answer.js';
import type { Form } from './form.js';
import { type FormProblem, inWords, type ProblemInWords } from './form-problem.js';
import type { FreshProof } from './fresh-proofs.js';
import { Notices } from './notices.js';
import { PageSettings } from './page-settings.js';
import { SignIn } from './sign-in.js';
import { type Person, SignedIn } from './signed-in.js';

/** The pages on which a person changes how they sign in. */
type OwnPageName = 'password' | 'second-step' | 'mail' | 'identities';

/** The notice on such a page about the form sent before: its problem, and the proof that the person gave. */
interface OwnNotice {
  readonly problem?: FormProblem | undefined;
  readonly proof?: Readonly<Record<string, string>> | undefined;
}

/** A request for such a page by the person whose page it is. */
interface OwnRequest {
  readonly page: OwnPageName;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly person: Person;
}

/** A form of such a page. */
export interface SentForm extends OwnRequest {
  readonly form: Form;
}

/** Such a page before it is shown. */
interface OpenedPage {
  readonly person: Person;
  /** The values that every such page shows. */
  readonly model: PageModel & {
    readonly action: string;
    readonly csrf: string;
    readonly username: string;
    readonly problem: ProblemInWords | undefined;
  };
  readonly proof: OwnNotice['proof'];
  /** The fields of its form, beside the password, in which the person proves anew who they are. */
  readonly proofFields: Pick<PasswordPage, 'asksCode' | 'passkey'>;
  /** Sends the page, with the status of its problem; `leadsOut` where a form of it leads elsewhere. */
  send(markup: PageDocument, leadsOut?: boolean): void;
}

/**
 * The course of the pages on which a person changes how they sign in: only the person comes there, each form proves anew who they are, a
 * refused form leads back to its page (post, redirect, get), and this browser stays signed in.
 */
@Injectable()
export class OwnPages {
  constructor(
    private readonly signedIn: SignedIn,
    private readonly signIn: SignIn,
    private readonly interactions: Interactions,
    private readonly passkeys: Passkeys,
    private readonly notices: Notices,
    private readonly settings: PageSettings,
  ) {}

  /** Opens a page for the person who is signed in; everybody else is sent to sign in first. */
  async open(
    page: OwnPageName,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<OpenedPage | undefined> {
    const person = await this.signedIn.require(request, response, page);
    if (!person) return undefined;
    const place = this.placeOf({ page, request, response, person });
    const { problem, proof } = this.notices.take<OwnNotice>(place) ?? {};
    const model = this.settings.pageFor(request);
    const told = problem && inWords(problem, this.settings, model.language);
    const { csrf, account } = person;
    return {
      person,
      model: { ...model, action: this.addressOf(page), csrf, username: account.username, problem: told },
      proof,
      proofFields: this.proofFields(person),
      send: (markup, leadsOut = false) =>
        sendPage(response, markup, {
          leadsOut,
          status: told?.status ?? 200,
          retryAfter: problem?.retryAfter,
          scripts: this.settings.passkeyScripts,
        }),
    };
  }

  private proofFields({ account, browserSessionUid }: Person): OpenedPage['proofFields'] {
    const { secondFactors } = account;
    return {
      asksCode: codeOfProof(secondFactors),
      passkey: secondFactors.includes('passkey') ? this.passkeys.toShow(browserSessionUid) : undefined,
    };
  }

  /** The form that the person sent from a page; 403 for everything else. */
  async form(page: OwnPageName, request: IncomingMessage, response: ServerResponse): Promise<SentForm> {
    return { page, request, response, ...(await this.signedIn.form(request, response)) };
  }

  /** Lets the person prove anew who they are, with this form. */
  async proveAnew({ request, person, form }: SentForm): Promise<FreshProof | FormProblem> {
    const outcome = await this.signIn.proveAnew(request, person.account, form, person.browserSessionUid);
    if (outcome.kind === 'refused') return outcome.problem;
    const { methods, provedAt: at, version } = outcome;
    return { methods, at, version };
  }

  /** Signs this browser in anew, after a change that ended its sign-in as well: the person has just proved who they are. */
  async signInAgain(
    { request, response, person }: OwnRequest,
    methods: readonly AuthenticationMethod[],
  ): Promise<void> {
    const again = { accountId: person.account.id, methods, remember: false };
    await this.interactions.signInBrowser(request, response, again);
  }

  /** Leads back to the page, which shows the notice. */
  ask(sent: OwnRequest, notice: OwnNotice): void {
    this.notices.sendTo(this.placeOf(sent), notice, notice.problem?.retryAfter);
  }

  /** The address of a page, on this host. */
  addressOf(page: OwnPageName): string {
    return `${this.settings.base}/${page}`;
  }

  /** The place of a page, to which notices lead. */
  placeOf({ page, request, response, person }: OwnRequest): NoticePlace {
    const binding = JSON.stringify([person.browserSessionUid, person.account.id]);
    return { request, response, address: this.addressOf(page), binding };
  }
}
