import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ConsentedAccess, ConsentService } from '@curfew/accounts';
import { errors, type Provider } from 'oidc-provider';
import type { ClientDirectory } from './client-directory.js';
import { grantAccess } from './hooks/grants.js';
import { inScope, type ScopeMaker } from './protocol-server.js';

/** What a page needs to know to ask a person to sign in or to consent. */
export interface InteractionDetails {
  readonly uid: string;
  readonly prompt: { readonly name: string; readonly reasons: readonly string[] };
  readonly client: { readonly id: string; readonly name: string; readonly redirectUri: string | undefined };
  /** The account that is signed in already, if one is. */
  readonly accountId: string | undefined;
  readonly loginHint: string | undefined;
  /** What the client asks for and has not been allowed yet. */
  readonly missing: ConsentedAccess;
  /** Whether access while the person is away is asked for (scope offline_access). */
  readonly offline: boolean;
}

/** The interaction is over, was answered in another browser, or never was: the person starts again at the application. */
export class InteractionGone extends Error {
  override readonly name = 'InteractionGone';
}

/** The seam between oidc-provider's interactions and the pages that people see. */
export class Interactions {
  constructor(
    private readonly provider: () => Provider,
    private readonly clients: ClientDirectory,
    private readonly consents: ConsentService,
    private readonly makeScope: ScopeMaker,
  ) {}

  /** What is asked of the person. @throws InteractionGone */
  async details(request: IncomingMessage, response: ServerResponse): Promise<InteractionDetails> {
    return inScope(this.makeScope(request), async () => {
      const { uid, prompt, params, session } = await this.#current(request, response);
      const clientId = String(params['client_id']);
      const client = await this.clients.find(clientId);
      const details = prompt.details as {
        missingOIDCScope?: string[];
        missingOIDCClaims?: string[];
        missingResourceScopes?: Record<string, string[]>;
      };
      return {
        uid,
        prompt: { name: prompt.name, reasons: prompt.reasons },
        client: { id: clientId, name: client?.name ?? clientId, redirectUri: text(params['redirect_uri']) },
        accountId: session?.accountId,
        loginHint: text(params['login_hint']),
        missing: {
          scopes: details.missingOIDCScope ?? [],
          claims: details.missingOIDCClaims ?? [],
          resources: details.missingResourceScopes ?? {},
        },
        offline: String(params['scope'] ?? '')
          .split(' ')
          .includes('offline_access'),
      };
    });
  }

  /** The person has proved who they are; answers with the redirect onward (303). */
  async signedIn(request: IncomingMessage, response: ServerResponse, accountId: string): Promise<void> {
    await inScope(this.makeScope(request), async () => {
      await this.#current(request, response);
      const login = { accountId, amr: ['pwd'], remember: true };
      await this.provider().interactionFinished(
        request,
        response,
        { login },
        { mergeWithLastSubmission: false },
      );
    });
  }

  /** The person allows what is missing: it is granted for this session and remembered for the next. */
  async consented(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await inScope(this.makeScope(request), async () => {
      const { params, session, grantId } = await this.#current(request, response);
      const { missing } = await this.details(request, response);
      const clientId = String(params['client_id']);
      if (!session?.accountId) throw new InteractionGone();
      const accountId = session.accountId;
      const grant =
        (grantId ? await this.provider().Grant.find(grantId) : undefined) ??
        new (this.provider().Grant)({ accountId, clientId });
      grantAccess(grant, missing);
      await this.consents.remember(accountId, clientId, missing);
      await this.provider().interactionFinished(
        request,
        response,
        { consent: { grantId: await grant.save() } },
        { mergeWithLastSubmission: true },
      );
    });
  }

  /** The person says no; the client learns `access_denied`. */
  async denied(request: IncomingMessage, response: ServerResponse): Promise<void> {
    await inScope(this.makeScope(request), async () => {
      await this.#current(request, response);
      const result = { error: 'access_denied', error_description: 'the person declined' };
      await this.provider().interactionFinished(request, response, result, {
        mergeWithLastSubmission: false,
      });
    });
  }

  /** Who is signed in with this browser, for pages outside of any interaction. */
  async currentAccount(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ accountId: string; browserSessionUid: string } | undefined> {
    return inScope(this.makeScope(request), async () => {
      const session = await this.provider().Session.get(
        this.provider().createContext(request, response) as never,
      );
      return session.accountId ? { accountId: session.accountId, browserSessionUid: session.uid } : undefined;
    });
  }

  async #current(request: IncomingMessage, response: ServerResponse) {
    try {
      return await this.provider().interactionDetails(request, response);
    } catch (error) {
      if (error instanceof errors.SessionNotFound) throw new InteractionGone();
      throw error;
    }
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
