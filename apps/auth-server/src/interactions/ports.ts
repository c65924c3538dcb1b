import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the protocol layer waits for: a sign-in, or a person's consent, on behalf of one client. */
export interface InteractionDetails {
  readonly uid: string;
  readonly prompt: { readonly name: 'login' | 'consent'; readonly reasons: readonly string[] };
  readonly client: {
    readonly id: string;
    readonly name: string;
    /** The redirect URI of the request or its origin: where the forms' submissions end. Absent for a device. */
    readonly redirectOrigin?: string | undefined;
  };
  /** Who is signed in with this browser, if anyone. */
  readonly accountId?: string | undefined;
  /** What is asked for and was not allowed before. */
  readonly scopes: {
    readonly openid: readonly string[];
    readonly claims: readonly string[];
    readonly resources: readonly { readonly audience: string; readonly scopes: readonly string[] }[];
  };
  readonly loginHint?: string | undefined;
}

/** How a person was recognised; `remember` keeps them signed in when the browser is closed. */
export interface RecognisedPerson {
  readonly accountId: string;
  readonly remember?: boolean | undefined;
}

/**
 * The protocol layer as the pages see it. Methods that take a response and return nothing answer the request themselves, by 303.
 * Those for an interaction MUST refuse with an error named `SessionNotFound` when its cookie or its record is missing.
 */
export abstract class Interactions {
  abstract details(request: IncomingMessage, response: ServerResponse): Promise<InteractionDetails>;

  /** MUST give the browser session a new identifier (session fixation). */
  abstract signedIn(
    request: IncomingMessage,
    response: ServerResponse,
    person: RecognisedPerson,
  ): Promise<void>;

  abstract consented(request: IncomingMessage, response: ServerResponse): Promise<void>;

  abstract denied(request: IncomingMessage, response: ServerResponse): Promise<void>;

  /** Who is signed in with this browser, by its session cookie. */
  abstract currentAccount(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ readonly accountId: string; readonly browserSessionUid: string } | undefined>;

  /** Signs the browser in without an application having asked; only sets the cookie. MUST renew the identifier too. */
  abstract signInBrowser(
    request: IncomingMessage,
    response: ServerResponse,
    person: RecognisedPerson,
  ): Promise<void>;

  /** Signs an account out of all browsers but one, so that nothing is signed in silently there any more. */
  abstract signOutOtherBrowsers(accountId: string, exceptBrowserSessionUid: string): Promise<void>;
}

/** Where the pages report what an operator should see; what people are told is vaguer. */
export abstract class PageLog {
  /** A sign-in or a refusal of one: `facts` never hold a password or a cookie. */
  abstract note(event: string, facts: Readonly<Record<string, unknown>>): void;

  /** An answer of 500 and above. */
  abstract fault(error: unknown, requestId: string | undefined): void;
}
