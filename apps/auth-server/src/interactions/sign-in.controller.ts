import type { IncomingMessage, ServerResponse } from 'node:http';
import { Passkeys } from '@curfew/accounts/factors';
import { Interactions, type RecognisedPerson } from '@curfew/oidc';
import { Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { UpstreamParts } from '../upstream/index.js';
import { seeOther } from './answer.js';
import { freshValue, readOwnCookie, setCookie } from './cookies.js';
import { readForm } from './form.js';
import { FormTokens } from './form-tokens.js';
import { formRefused, unlessGone } from './page-error.js';
import { PageSettings } from './page-settings.js';
import { refuseForeignForm } from './same-origin.js';
import { SignInFlow, type SignInPlace } from './sign-in-flow.js';
import { SignedIn } from './signed-in.js';

/** The pages one may continue to after signing in here: a closed list, so that no address from outside is followed. */
const destinations = ['sessions', 'password', 'second-step', 'mail', 'identities', 'applications', 'device'];
const destination = (next: unknown): string =>
  typeof next === 'string' && destinations.includes(next) ? next : '';

/** Sign-in without an application, for one's own pages. */
@Controller('sign-in')
export class SignInController {
  constructor(
    private readonly interactions: Interactions,
    private readonly signedIn: SignedIn,
    private readonly flow: SignInFlow,
    private readonly tokens: FormTokens,
    private readonly passkeys: Passkeys,
    private readonly settings: PageSettings,
    private readonly upstream: UpstreamParts,
  ) {}

  @Get()
  async show(
    @Query('next') next: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    if (await this.signedIn.find(request, response)) return this.goOn(response, destination(next));
    const binding = readOwnCookie(request, this.settings, 'form') ?? freshValue();
    setCookie(response, this.settings, 'form', { value: binding });
    const place = this.place(request, response, binding, destination(next));
    return this.flow.show(place, this.finishing(request, response, destination(next)));
  }

  @Post()
  async answer(
    @Query('next') next: unknown,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    refuseForeignForm(request, this.settings.origin);
    const form = await readForm(request, this.settings.parts.bodyBytes);
    // Signed in meanwhile, in another tab: it stays so.
    if (await this.signedIn.find(request, response)) return this.goOn(response, destination(next));
    const binding = readOwnCookie(request, this.settings, 'form');
    // Also against signing someone in as somebody else (login CSRF).
    if (!binding || !this.tokens.verify(form.get('csrf'), 'sign-in', binding)) throw formRefused();
    const place = this.place(request, response, binding, destination(next));
    return this.flow.answer(place, form, this.finishing(request, response, destination(next)));
  }

  private finishing(request: IncomingMessage, response: ServerResponse, next: string) {
    return async (person: RecognisedPerson) => {
      const uid = await unlessGone(403, () => this.interactions.signInBrowser(request, response, person));
      this.goOn(response, next);
      return uid;
    };
  }

  private place(
    request: IncomingMessage,
    response: ServerResponse,
    binding: string,
    next: string,
  ): SignInPlace {
    const model = this.settings.pageFor(request);
    const address = `${model.base}/sign-in${next && `?next=${next}`}`;
    const page = () => {
      const { forgottenPassword: forgotten } = this.settings;
      const csrf = this.tokens.issue('sign-in', binding);
      const passkey = this.passkeys.toShow(binding);
      const providers = this.upstream.offered.offered;
      return { ...model, action: address, csrf, forgotten, passkey, providers };
    };
    return { request, response, binding, address, language: model.language.tag, page };
  }

  private goOn(response: ServerResponse, next: string): void {
    seeOther(response, `${this.settings.base}/${next}`);
  }
}
