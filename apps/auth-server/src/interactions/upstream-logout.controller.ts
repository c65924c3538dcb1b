import type { IncomingMessage, ServerResponse } from 'node:http';
import { identityProviderId } from '@curfew/accounts/identity-providers';
import { SignalsReader } from '@curfew/signals';
import { Controller, Param, Post, Req, Res } from '@nestjs/common';
import { UpstreamLogout } from '../upstream/index.js';
import { type Form, readForm } from './form.js';
import { PageError } from './page-error.js';
import { PageLog } from './page-log.js';
import { PageSettings } from './page-settings.js';

/** The sentence for each fault; the provider's operators read it. */
const sentences = {
  provider_unknown: 'no identity provider is open under this address',
  request_malformed: 'the request must be a form with one logout_token',
  token_invalid: 'the logout token is not one of this provider for this client, or is too old',
  token_used: 'the logout token was used before',
  throttled: 'too many requests from there; try again later',
  keys_unavailable: 'the keys of the provider could not be read',
} as const;

/** §2.8. */
const refused = { status: 400, error: 'invalid_request' };

/** A sender repeats a token that was not refused for good. */
const answers: Partial<Record<keyof typeof sentences, typeof refused>> = {
  throttled: { status: 429, error: 'invalid_request' },
  keys_unavailable: { status: 503, error: 'temporarily_unavailable' },
};

/**
 * The address to which other identity providers send logout tokens (OpenID Connect Back-Channel Logout §2.5): one for each, as for the
 * people that they send back. Programs call it, so that it answers no page.
 */
@Controller('sign-in/upstream/:id/logout')
export class UpstreamLogoutController {
  constructor(
    private readonly logout: UpstreamLogout,
    private readonly settings: PageSettings,
    private readonly signals: SignalsReader,
    private readonly log: PageLog,
  ) {}

  @Post()
  async take(
    @Param('id') id: string,
    @Req() request: IncomingMessage,
    @Res() response: ServerResponse,
  ): Promise<void> {
    // No other text was ever the id of a provider: none such is looked for, and the log keeps nothing that strangers write.
    const provider = identityProviderId.test(id) ? id : null;
    const outcome = await this.outcomeOf(provider, request);
    this.log.note('upstream_logout', { provider, ...outcome });
    // §2.8: neither answer is kept.
    response.setHeader('Cache-Control', 'no-store');
    if (!('fault' in outcome)) {
      response.setHeader('Content-Length', '0');
      response.statusCode = 200;
      response.end();
      return;
    }
    const { status, error } = answers[outcome.fault] ?? refused;
    const text = JSON.stringify({ error, error_description: sentences[outcome.fault] });
    response.statusCode = status;
    if ('retryAfter' in outcome) response.setHeader('Retry-After', String(outcome.retryAfter));
    response.setHeader('Content-Type', 'application/json');
    response.end(text);
  }

  private async outcomeOf(provider: string | null, request: IncomingMessage) {
    const token = (await this.form(request))?.get('logout_token');
    if (provider === null) return { fault: 'provider_unknown' } as const;
    if (token === undefined) return { fault: 'request_malformed' } as const;
    return this.logout.take(provider, token, this.network(request));
  }

  private network({ headers, socket }: IncomingMessage): string {
    return this.signals.read({ socketAddress: socket.remoteAddress, headers }).prefix ?? 'unknown';
  }

  private async form(request: IncomingMessage): Promise<Form | undefined> {
    try {
      return await readForm(request, this.settings.parts.bodyBytes);
    } catch (error) {
      if (error instanceof PageError) return undefined;
      throw error;
    }
  }
}
