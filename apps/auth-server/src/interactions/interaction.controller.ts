import type { IncomingMessage, ServerResponse } from 'node:http';
import { Registry } from '@curfew/clients';
import { type InteractionDetails, Interactions, type RecognisedPerson } from '@curfew/oidc';
import { Controller, Get, Param, Post, Req, Res } from '@nestjs/common';
import { consentPage, formTarget, type SignInPage, signInPage } from '../pages/index.js';
import { sendPage } from './answer.js';
import { readForm } from './form.js';
import { FormTokens } from './form-tokens.js';
import { formRefused, interactionGone, malformed, unlessGone } from './page-error.js';
import { PageSettings } from './page-settings.js';
import { refuseForeignForm } from './same-origin.js';
import { SignInFlow } from './sign-in-flow.js';

/** Sign-in and consent on behalf of an application: one address per interaction, shown by GET and answered by POST. */
@Controller('interaction/:uid')
export class InteractionController {
  constructor(
    private readonly interactions: Interactions,
    private readonly flow: SignInFlow,
    private readonly registry: Registry,
    private readonly tokens: FormTokens,
    private readonly settings: PageSettings,
  ) {}

  @Get()
  async show(
    @Param('uid') uid: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    const details = await this.details(uid, request, response, 400);
    const markup =
      details.prompt.name === 'consent'
        ? consentPage(await this.consentModel(details))
        : signInPage({ ...this.signInModel(details), username: this.suggestedName(details) });
    sendPage(response, markup, { formTargets: await this.targetsOf(details) });
  }

  @Post()
  async answer(
    @Param('uid') uid: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    refuseForeignForm(request, this.settings.origin);
    const form = await readForm(request, this.settings.parts.bodyBytes);
    const details = await this.details(uid, request, response, 403);
    if (!this.tokens.verify(form.get('csrf'), 'interaction', details.uid)) throw formRefused();
    const decision = form.get('decision');
    if (decision === 'cancel' || decision === 'deny')
      return unlessGone(403, () => this.interactions.denied(request, response));
    if (details.prompt.name === 'consent') {
      if (decision !== 'allow') throw malformed();
      return unlessGone(403, () => this.interactions.consented(request, response));
    }
    const place = {
      request,
      response,
      page: this.signInModel(details),
      binding: details.uid,
      formTargets: await this.targetsOf(details),
      finish: (person: RecognisedPerson) =>
        unlessGone(403, () => this.interactions.signedIn(request, response, person)),
    };
    return this.flow.answer(place, form);
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

  private formOf({ uid }: InteractionDetails) {
    const { base } = this.settings;
    const action = `${base}/interaction/${encodeURIComponent(uid)}`;
    return { base, action, csrf: this.tokens.issue('interaction', uid) };
  }

  private signInModel(details: InteractionDetails): SignInPage {
    const again = details.accountId !== undefined && !details.prompt.reasons.includes('no_session');
    return {
      ...this.formOf(details),
      clientName: details.client.name,
      reason: again ? 'The application asks you to sign in once more, to be sure that it is you.' : undefined,
    };
  }

  private suggestedName(details: InteractionDetails): string | undefined {
    if (details.loginHint !== undefined) return details.loginHint.slice(0, 320);
    return details.username;
  }

  /**
   * Where the forms may end. Chromium follows a form's submission through every redirect, also one the client's callback
   * answers with, so the other addresses that are registered for the client are named too: a closed list in any case.
   */
  private async targetsOf({ client }: InteractionDetails): Promise<string[]> {
    const registered = (await this.registry.client(client.id))?.metadata;
    const uris = [client.redirectOrigin, ...(registered?.redirect_uris ?? []), registered?.client_uri];
    const targets = uris.map((uri) => (uri === undefined ? undefined : formTarget(uri)));
    return [...new Set(targets.filter((target) => target !== undefined))];
  }

  private async consentModel(details: InteractionDetails) {
    const { openid, claims, resources } = details.scopes;
    const target = details.client.redirectOrigin;
    const named = resources.map(async ({ audience, scopes }) => ({
      audience,
      scopes,
      name: (await this.registry.resource(audience))?.name ?? audience,
    }));
    return {
      ...this.formOf(details),
      clientName: details.client.name,
      returnsTo: target === undefined ? undefined : hostOf(target),
      username: details.username,
      personal: openid,
      claims,
      resources: await Promise.all(named),
    };
  }
}

/** What a person can recognise of a redirect URI: the host, or the scheme of a native application. */
function hostOf(redirect: string): string | undefined {
  if (!URL.canParse(redirect)) return undefined;
  const { host, protocol } = new URL(redirect);
  return host === '' ? protocol : host;
}
