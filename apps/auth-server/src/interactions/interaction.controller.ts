import type { IncomingMessage, ServerResponse } from 'node:http';
import { Clock } from '@curfew/clock';
import { type InteractionDetails, Interactions, type RecognisedPerson } from '@curfew/oidc';
import type { AuthenticationMethod } from '@curfew/session-policy/authentication';
import { TimeoutReturns } from '@curfew/sessions/store';
import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { seeOther, sendPage } from './answer.js';
import { EnrolmentReturn } from './enrolment-return.js';
import { type Form, readForm } from './form.js';
import { FormTokens } from './form-tokens.js';
import { answersTo, InteractionPages } from './interaction-pages.js';
import { formRefused, interactionGone, isGone, malformed, unlessGone } from './page-error.js';
import { PageSettings } from './page-settings.js';
import { isOwnNavigation, refuseForeignForm } from './same-origin.js';
import { SignInFlow, type SignInPlace } from './sign-in-flow.js';

/** Sign-in and consent on behalf of an application: one address per interaction, shown by GET and answered by POST. */
@Controller('interaction/:uid')
export class InteractionController {
  constructor(
    private readonly interactions: Interactions,
    private readonly flow: SignInFlow,
    private readonly pages: InteractionPages,
    private readonly tokens: FormTokens,
    private readonly settings: PageSettings,
    private readonly enrolment: EnrolmentReturn,
    private readonly returns: TimeoutReturns,
    private readonly clock: Clock,
  ) {}

  @Get()
  async show(
    @Param('uid') uid: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const details = await this.details(uid, request, response, 400);
    const { leadsOut, prompt } = details;
    if (!['consent', 'enrolment'].includes(prompt.name))
      return this.flow.show(
        this.place(request, response, details),
        this.finishing(request, response, details),
      );
    sendPage(response, await this.pages.draw(details, request), { leadsOut });
  }

  @Post()
  async answer(
    @Param('uid') uid: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    refuseForeignForm(request, this.settings.origin);
    const form = await readForm(request, this.settings.parts.bodyBytes);
    try {
      await this.take(form, uid, request, response);
    } catch (error) {
      if (!(isGone(error) && isOwnNavigation(request))) throw error;
      // Several tabs that sign in at once have one sign-in in the end; the others ask anew. A page whose form was answered itself says
      // that it has expired, and can be come back to.
      const again = await this.interactions.startAgain(request, response);
      seeOther(response, again ?? this.pages.addressOf(uid));
    }
  }

  private async take(
    form: Form,
    uid: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const details = await this.details(uid, request, response, 403);
    if (!this.tokens.verify(form.get('csrf'), 'interaction', details.uid)) throw formRefused();
    const decision = form.get('decision');
    if (decision === 'cancel' || decision === 'deny')
      return unlessGone(403, () => this.interactions.denied(request, response));
    if (details.prompt.name === 'consent') {
      if (decision !== 'allow') throw malformed();
      return unlessGone(403, () => this.interactions.consented(request, response));
    }
    if (details.enrolment) return this.takeEnrolment(details, decision, request, response);
    const finish = this.finishing(request, response, details);
    await this.flow.answer(this.place(request, response, details), form, finish);
  }

  private finishing(request: IncomingMessage, response: ServerResponse, { client }: InteractionDetails) {
    return async (person: RecognisedPerson) => {
      const uid = await unlessGone(403, () => this.interactions.signedIn(request, response, person));
      this.returns.proved(person.accountId, client.id, this.clock.now());
      return uid;
    };
  }

  /** Goes on where the second factor is there, or may be put off; else the page asks once more. */
  private async takeEnrolment(
    { enrolment, uid }: InteractionDetails,
    decision: string | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { due = null, isDone = false } = enrolment ?? {};
    const mayWait = decision === 'later' && due !== null && this.clock.now() < due;
    if (!isDone && !mayWait) return seeOther(response, this.pages.addressOf(uid));
    this.enrolment.forget(response);
    return unlessGone(403, () => this.interactions.enrolmentAnswered(request, response));
  }

  private place(
    request: IncomingMessage,
    response: ServerResponse,
    details: InteractionDetails,
  ): SignInPlace {
    const { uid: binding, leadsOut, accountId, isStepUp, client, uiLocales } = details;
    const upstream = details.proofAsked;
    const at = { request, response, address: this.pages.addressOf(binding), binding };
    const language = this.settings.pageFor(request, uiLocales).language.tag;
    const page = () => this.pages.signInModel(details, request);
    const place = { ...at, language, page, leadsOut, upstream, clientId: client.id };
    if (!isStepUp || accountId === undefined) return place;
    const finish = (methods: readonly AuthenticationMethod[]) =>
      unlessGone(403, () => this.interactions.steppedUp(request, response, methods));
    return { ...place, stepUp: { accountId, ...answersTo(details), finish } };
  }

  /** The interaction of this browser's cookie, which must be the one in the address (RFC 6749 §10.12). */
  private async details(
    uid: string,
    request: IncomingMessage,
    response: ServerResponse,
    whenGone: 400 | 403,
  ): Promise<InteractionDetails> {
    const details = await unlessGone(whenGone, () => this.interactions.details(request, response));
    if (details.uid !== uid) throw interactionGone(whenGone);
    return details;
  }
}
