import type { IncomingMessage } from 'node:http';
import { Passkeys } from '@curfew/accounts/factors';
import { logoOf, Registry } from '@curfew/clients';
import { documentHost, leadsToDevice } from '@curfew/clients/client-documents';
import { Clock } from '@curfew/clock';
import type { Enrolment, InteractionDetails } from '@curfew/oidc';
import type { PageDocument, PageLook } from '@curfew/pages';
import { Injectable } from '@nestjs/common';
import {
  type ConsentItem,
  consentPage,
  type EnrolmentPage,
  enrolmentPage,
  type SignInPage,
  secondStepPage,
  signInPage,
} from '../pages/index.js';
import { UpstreamParts } from '../upstream/index.js';
import { EnrolmentReturn } from './enrolment-return.js';
import { FormTokens } from './form-tokens.js';
import { PageSettings } from './page-settings.js';

/** Draws the pages on which a person signs in or consents on behalf of an application. */
@Injectable()
export class InteractionPages {
  constructor(
    private readonly registry: Registry,
    private readonly tokens: FormTokens,
    private readonly settings: PageSettings,
    private readonly passkeys: Passkeys,
    private readonly enrolment: EnrolmentReturn,
    private readonly clock: Clock,
    private readonly upstream: UpstreamParts,
  ) {}

  /** The page that asks what the interaction asks. */
  async draw(details: InteractionDetails, request: IncomingMessage): Promise<PageDocument> {
    if (details.prompt.name === 'consent') return consentPage(await this.consentModel(details, request));
    if (details.enrolment) return enrolmentPage(this.enrolmentModel(details, details.enrolment, request));
    const model = this.signInModel(details, request);
    return details.isStepUp ? secondStepPage({ ...model, ...answersTo(details) }) : signInPage(model);
  }

  /** The parts that every rendering of an interaction's sign-in form shares. */
  signInModel(details: InteractionDetails, request: IncomingMessage): SignInPage {
    return {
      clientName: nameOf(details.client),
      username: suggestedName(details),
      reason: reasonFor(details),
      forgotten: this.settings.forgottenPassword,
      passkey: this.passkeys.toShow(details.uid),
      providers: this.upstream.offered.offered,
      ...this.formOf(details, request),
    };
  }

  /** Whether the page has a form that leads to another identity provider. */
  leadsElsewhere({ prompt, isStepUp }: InteractionDetails): boolean {
    const isSignIn = !['consent', 'enrolment'].includes(prompt.name) && !isStepUp;
    return isSignIn && this.upstream.offered.offered.length > 0;
  }

  /** The address of an interaction's page, to which its form is also sent. */
  addressOf(uid: string): string {
    return `${this.settings.base}/interaction/${encodeURIComponent(uid)}`;
  }

  private formOf({ uid, uiLocales, client }: InteractionDetails, request: IncomingMessage) {
    const { base, language, look } = this.settings.pageFor(request, uiLocales);
    const action = this.addressOf(uid);
    return {
      base,
      language,
      look: this.lookOf(client) ?? look,
      action,
      csrf: this.tokens.issue('interaction', uid),
    };
  }

  /** The look that the application was registered with. */
  private lookOf({ registered }: InteractionDetails['client']): PageLook | undefined {
    if (!registered) return undefined;
    const { accent_color_light: light, accent_color_dark: dark } = registered.metadata;
    return this.settings.lookFor({ logo: logoOf(registered), accents: { light, dark } });
  }

  private enrolmentModel(
    details: InteractionDetails,
    { context, due, isDone }: Enrolment,
    request: IncomingMessage,
  ): EnrolmentPage {
    return {
      clientName: nameOf(details.client),
      settings: this.enrolment.leading(details.uid),
      needsPasskey: context === 'phr',
      due,
      isDone,
      now: this.clock.now(),
      ...this.formOf(details, request),
    };
  }

  private async consentModel(details: InteractionDetails, request: IncomingMessage) {
    const { missing, before } = details.asked;
    const audiences = [...new Set([missing, before].flatMap(({ resources }) => Object.keys(resources)))];
    const target = details.client.redirectUri;
    const named = audiences.map(async (audience) => ({
      audience,
      scopes: items(missing.resources[audience], before.resources[audience]),
      name: (await this.registry.resource(audience))?.name ?? audience,
    }));
    return {
      clientName: nameOf(details.client),
      returnsTo: target === undefined ? undefined : hostOf(target),
      introducedBy: introductionOf(details.client),
      username: details.username,
      personal: items(missing.scopes, before.scopes),
      claims: items(missing.claims, before.claims),
      resources: await Promise.all(named),
      ...this.formOf(details, request),
    };
  }
}

/** The ways in which a person answers a step-up: with a code, unless a passkey is demanded. */
export const answersTo = ({ secondFactors, needsPasskey }: InteractionDetails) => ({
  answering: secondFactors,
  takesCode: !needsPasskey,
});

/** Why a person who is signed in already sees the sign-in page. */
function reasonFor({ accountId, prompt }: InteractionDetails): SignInPage['reason'] {
  if (accountId === undefined || prompt.reasons.includes('no_session')) return undefined;
  return prompt.name === 'select_account' ? 'sign_in.choose_account' : 'sign_in.confirm_person';
}

/** The access that allowing grants: new scopes first, then those allowed before. */
const items = (missing: readonly string[] = [], before: readonly string[] = []): ConsentItem[] => [
  ...missing.map((name) => ({ name, before: false })),
  ...before.filter((name) => !missing.includes(name)).map((name) => ({ name, before: true })),
];

function suggestedName(details: InteractionDetails): string | undefined {
  if (details.loginHint !== undefined) return details.loginHint.slice(0, 320);
  return details.username;
}

/** The name of an application; one that chose it itself never stands without its host. */
function nameOf({ id, name }: InteractionDetails['client']): string {
  const host = documentHost(id);
  return host === null ? name : `${name} (${host})`;
}

/** The document that introduced an application, where one did. */
function introductionOf({ id, redirectUri }: InteractionDetails['client']) {
  const host = documentHost(id);
  if (host === null) return undefined;
  return { host, redirectUri, isOfDevice: redirectUri !== undefined && leadsToDevice(redirectUri) };
}

/** The part of a redirect URI that a person can recognise: the host, or the scheme of a native application. */
function hostOf(redirect: string): string | undefined {
  if (!URL.canParse(redirect)) return undefined;
  const { host, protocol } = new URL(redirect);
  return host === '' ? protocol : host;
}
