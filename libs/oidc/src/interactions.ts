import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account, ConsentService } from '@curfew/accounts';
import type { StagedWrites } from '@curfew/artifacts';
import { elapsedMs } from '@curfew/session-policy';
import { type AuthenticationMethod, methodsTogether } from '@curfew/session-policy/authentication';
import { activityThrottleMs } from '@curfew/session-policy/lifecycle';
import { deadlines } from '@curfew/session-policy/standing';
import { epochSeconds } from '@curfew/token-endpoint';
import type { ClientDirectory } from '@curfew/token-endpoint/client';
import type { InteractionResults, Provider } from 'oidc-provider';
import { cookieLifetime } from './configuration.js';
import { enrolmentPrompt } from './hooks/enrolment.js';
import { grantAccess } from './hooks/grants.js';
import { signedInAs } from './hooks/interaction-policy.js';
import { detailsOf, type InteractionDetails, missingAccess } from './interaction-details.js';
import { InteractionGone, unlessOver } from './interaction-gone.js';
import type { ProtocolParts } from './protocol-parts.js';
import type { ProtocolServer } from './protocol-server.js';
import type { RecognisedPerson } from './recognised-person.js';
import { currentScope } from './request-scope.js';
import { startAgain } from './start-again.js';

/** The members of oidc-provider's cookie session that are used beyond its types; pinned by test/contract. */
interface CookieSession {
  readonly id: string;
  readonly uid: string;
  readonly accountId?: string;
  resetIdentifier(): void;
  loginAccount(details: { accountId: string; amr: string[]; loginTs: number; transient: boolean }): void;
  save(ttl: number): Promise<unknown>;
}

/** A Koa context, of which only the cookie jar is needed. */
interface Jar {
  readonly cookies: { secure: boolean; set(name: string, value: string, options: object): void };
}

/** The artifacts of an interaction that a request has read, and the browser session that it began with, if any. */
interface ReadInteraction {
  readonly staged: StagedWrites;
  readonly sessionUid: string | undefined;
}

/** The seam between oidc-provider's interactions and the pages that people see. */
export class Interactions {
  /** The parts of an interaction that were read to show it, for the response to the same request. */
  readonly #read = new WeakMap<IncomingMessage, ReadInteraction>();

  constructor(
    private readonly server: ProtocolServer,
    private readonly clients: ClientDirectory,
    private readonly consents: ConsentService,
    private readonly parts: Pick<ProtocolParts, 'sessions' | 'browserSessions'>,
    /** Lifetime in seconds. */
    private readonly cookies: { readonly lifetime: number; readonly secure: boolean },
  ) {}

  /** The details of the interaction. @throws InteractionGone */
  details(request: IncomingMessage, response: ServerResponse): Promise<InteractionDetails> {
    return this.server.inScope(request, async () => {
      const interaction = await this.#current(request, response);
      const { staged } = currentScope();
      this.#read.set(request, { staged, sessionUid: interaction.session?.uid });
      return detailsOf(interaction, this.clients, staged);
    });
  }

  /**
   * The person has proved who they are; answers with the redirect onward (303). The uid of the browser session, where one came of it.
   * @throws InteractionGone
   */
  signedIn(
    request: IncomingMessage,
    response: ServerResponse,
    person: RecognisedPerson,
  ): Promise<string | undefined> {
    const finish = async () => {
      // Only a sign-in says this: a consent that follows takes the result along and proves nothing new.
      const scope = currentScope();
      const { now, staged } = scope;
      scope.isAct = true;
      const { accountId, methods, remember = false, provedAt = now, upstream, language } = person;
      scope.language = language;
      staged.settlement = person.settlement;
      staged.passkeyUse = person.passkeyUse;
      if (person.read) {
        const { account, clientId, consent: given } = person.read;
        staged.noteAccount(account);
        scope.consent = { accountId, clientId, given };
      }
      const login = { accountId, amr: [...methods], remember, ts: epochSeconds(provedAt) };
      const result = signedInAs({ ...login, atMs: provedAt, seenMs: now, upstream, language });
      await this.#finish(request, response, result, false);
      return scope.signedInWith;
    };
    return this.server.inScope(request, finish, this.#read.get(request)?.staged);
  }

  /**
   * The person who is signed in has proved one more factor: their sign-in goes on as it was, with that method beside the others.
   * @throws InteractionGone
   */
  steppedUp(
    request: IncomingMessage,
    response: ServerResponse,
    methods: readonly AuthenticationMethod[],
  ): Promise<void> {
    return this.#goOn(request, response, methods, {});
  }

  /**
   * The person has set up the second factor that they were asked for, or puts it off: their sign-in goes on as it is by now.
   * @throws InteractionGone
   */
  enrolmentAnswered(request: IncomingMessage, response: ServerResponse): Promise<void> {
    return this.#goOn(request, response, [], { [enrolmentPrompt]: {} });
  }

  #goOn(
    request: IncomingMessage,
    response: ServerResponse,
    methods: readonly AuthenticationMethod[],
    further: InteractionResults,
  ): Promise<void> {
    const finish = async () => {
      const scope = currentScope();
      scope.isAct = true;
      const { session } = await this.#current(request, response);
      const found = scope.staged.foundBrowserSession(session?.uid);
      const { accountId, amr = [], loginTs, transient } = found?.payload ?? {};
      if (!found?.signIn || accountId === undefined || accountId !== session?.accountId)
        throw new InteractionGone();
      const login = {
        accountId,
        amr: [...methodsTogether(amr, methods)],
        remember: transient !== true,
        ts: loginTs,
        atMs: found.signIn.signedInAt,
      };
      const result = { ...signedInAs(login as never), ...further };
      await this.#finish(request, response, result, false);
    };
    return this.server.inScope(request, finish, this.#read.get(request)?.staged);
  }

  /** The person allows what is missing: it is granted for this session and remembered for the next. @throws InteractionGone */
  consented(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const consent = async () => {
      const { provider } = this.server;
      currentScope().isAct = true;
      const { params, session, grantId, prompt } = await this.#current(request, response);
      const accountId = session?.accountId;
      if (!accountId) throw new InteractionGone();
      const clientId = String(params['client_id']);
      const known = grantId ? await provider.Grant.find(grantId) : undefined;
      const grant = known ?? new provider.Grant({ accountId, clientId });
      const missing = missingAccess(prompt.details);
      grantAccess(grant, missing);
      const scope = currentScope();
      scope.staged.consent = await this.consents.prepare(accountId, clientId, missing);
      scope.consentAgain = () => this.consents.remember(accountId, clientId, missing);
      const result = { consent: { grantId: await grant.save() } };
      await this.#finish(request, response, result, true);
    };
    return this.server.inScope(request, consent, this.#read.get(request)?.staged);
  }

  /** The person says no; the client learns `access_denied`. @throws InteractionGone */
  denied(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const result = { error: 'access_denied', error_description: 'the person declined' };
    const deny = () => this.#finish(request, response, result, false);
    return this.server.inScope(request, deny, this.#read.get(request)?.staged);
  }

  /** The address at which the authorization of the interaction begins anew, where it is there and yet cannot go on (start-again.ts). */
  startAgain(request: IncomingMessage, response: ServerResponse): Promise<string | undefined> {
    return startAgain(this.server, request, response);
  }

  /** The account that is signed in with this browser, for pages outside of any interaction. */
  currentAccount(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ account: Account; browserSessionUid: string } | undefined> {
    return this.server.inScope(request, async () => {
      const { provider } = this.server;
      const session = await provider.Session.get(provider.createContext(request, response));
      const account = session.accountId && currentScope().staged.account(session.accountId);
      if (account) await this.#noteAct(session.uid);
      return account ? { account, browserSessionUid: session.uid } : undefined;
    });
  }

  /**
   * Signs the browser in without an application having asked; only sets the cookie. Its session gets a new id (against fixation).
   * The uid of the browser session. @throws InteractionGone where the account was changed while its password was compared
   */
  signInBrowser(
    request: IncomingMessage,
    response: ServerResponse,
    person: RecognisedPerson,
  ): Promise<string | undefined> {
    return this.server.inScope(request, async () => {
      const provider = this.server.provider as Provider & { cookieName(kind: string): string };
      const context = provider.createContext(request, response) as Jar;
      const found = (await provider.Session.get(context as never)) as unknown as CookieSession;
      const { accountId, methods, remember = false, settlement, provedAt, upstream } = person;
      // Another person at the same browser starts afresh: nothing of the previous one is carried over.
      const isOther = found.accountId !== undefined && found.accountId !== accountId;
      const session = isOther ? (new provider.Session() as unknown as CookieSession) : found;
      // Outside of the library's own routes nothing else tells a renewed session from one that is to go.
      const { staged, now } = currentScope();
      if (provedAt !== undefined) staged.notePresence({ accountId, at: provedAt, upstream });
      if (isOther) staged.forgetBrowserSession(found.uid);
      currentScope().renewedFrom = session.id;
      currentScope().language = person.language;
      session.resetIdentifier();
      session.loginAccount({
        accountId,
        amr: [...methods],
        loginTs: epochSeconds(provedAt ?? now),
        transient: !remember,
      });
      const lifetime = cookieLifetime(this.cookies.lifetime, await this.parts.sessions.everyonesPolicy());
      await session.save(lifetime);
      staged.settlement = settlement;
      staged.passkeyUse = person.passkeyUse;
      await unlessOver(() => this.server.commit());
      context.cookies.secure = this.cookies.secure;
      context.cookies.set(provider.cookieName('session'), session.id, {
        path: '/',
        httpOnly: true,
        sameSite: 'lax',
        secure: this.cookies.secure,
        signed: true,
        overwrite: true,
        ...(remember ? { maxAge: lifetime * 1000 } : {}),
      });
      return session.uid;
    });
  }

  /** A page of their own that a person opens or answers shows that they are there; written as sparsely as the activity of sessions is. */
  async #noteAct(uid: string): Promise<void> {
    const { now, staged, everyones } = currentScope();
    const signIn = staged.foundBrowserSession(uid)?.signIn;
    if (!signIn || !everyones) return;
    if (elapsedMs(signIn.lastActiveAt, now) < activityThrottleMs(signIn, everyones)) return;
    const { expiresAt } = deadlines({ ...signIn, lastActiveAt: now }, everyones);
    await this.parts.browserSessions.touch(uid, now, expiresAt);
  }

  /**
   * An interaction that began with a sign-in goes on with that one alone. The library would answer with a page of its own if another tab has
   * given the browser another one meanwhile. @throws InteractionGone
   */
  async #sameSignIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { provider } = this.server;
    const { sessionUid: uid } = this.#read.get(request) ?? {
      sessionUid: (await this.#current(request, response)).session?.uid,
    };
    if (uid === undefined) return;
    const present = await provider.Session.get(provider.createContext(request, response));
    if (present.uid !== uid) throw new InteractionGone();
  }

  async #current(request: IncomingMessage, response: ServerResponse) {
    return unlessOver(() => this.server.provider.interactionDetails(request, response));
  }

  /** Goes on with the authorization in this answer; a device's is sent there (303), so that its last page can be loaded again. */
  async #finish(
    request: IncomingMessage,
    response: ServerResponse,
    result: InteractionResults,
    mergeWithLastSubmission: boolean,
  ): Promise<void> {
    const { provider } = this.server;
    await this.#sameSignIn(request, response);
    const merge = { mergeWithLastSubmission };
    const location = await unlessOver(() => provider.interactionResult(request, response, result, merge));
    if (await this.server.resume(request, response, location)) return;
    await unlessOver(() => this.server.commit());
    response.statusCode = 303;
    response.setHeader('Location', location);
    response.setHeader('Content-Length', '0');
    response.end();
  }
}
