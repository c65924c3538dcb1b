import { AsyncLocalStorage } from 'node:async_hooks';
import type { Consent } from '@curfew/accounts';
import type { Instant, RequestSignals, SessionPolicy } from '@curfew/session-policy';
import type { FoundAccess, OpenedRefreshToken, StagedRefresh } from '@curfew/sessions';
import type { Origin } from './origin.js';
import type { ArtifactKey, StagedWrites } from './storage/staged-writes.js';

/**
 * What one request has learnt and what it is about to change. Hooks and adapters write here; nothing reaches the
 * database before the whole answer is known, when `commitStaged` carries it out (or drops it).
 */
export interface RequestScope {
  /** Read once, when the request arrived. */
  readonly now: Instant;
  readonly signals: RequestSignals;
  /** What was read of artifacts and browser sessions, and what is to be written of them. */
  readonly staged: StagedWrites;
  /** What the person of this authorization allowed the client before, once it was read. */
  consent?: { readonly accountId: string; readonly clientId: string; readonly given: Consent | null };
  /** The refresh token as presented, with its session, from the request's one read. */
  opened?: OpenedRefreshToken;
  /** Set once a token that was shown proved to be of our making, alive or not. */
  recognised?: boolean;
  /** Set once such a token that is not of our making has been counted. */
  toldUnknown?: boolean;
  /** Set once an authenticated caller has been let through to ask about a token. */
  admitted?: boolean;
  /** Set when the client was told to wait: nothing was looked at. */
  throttled?: boolean;
  /** Set once the domain has decided about that token, so that refusals by the library itself can be told apart. */
  decided?: boolean;
  /** The session an access token names, from introspection's or userinfo's one read. */
  access?: FoundAccess;
  refresh?: StagedRefresh;
  start?: StagedStart;
  /** The policy of whatever token is being made, for lifetimes that must be known without waiting. */
  policy?: SessionPolicy;
  /** The policy of everyone, once a browser session has been judged by it. */
  everyones?: SessionPolicy;
  /** Set where a person acts: they have signed in, consented, or submitted a form of their own pages. */
  isAct?: boolean;
  /** The id in the cookie of this browser, whether or not its session still stands. */
  browserId?: string;
  /** The id of the browser session that is getting a new one, at a sign-in outside of the library's routes. */
  renewedFrom?: string;
  /** The interaction that this request has answered and goes on from in the same answer. */
  resumes?: string;
  /** Gives the consent of this request once more, where the one it read had changed when it was written. */
  consentAgain?: () => Promise<unknown>;
  /** The error behind a 5xx, for the answer's status and the log. */
  failure?: unknown;
}

/** A code on its way to becoming a session. */
export interface StagedStart {
  /** Its grant's id, which becomes the session's. */
  readonly sessionId: string;
  readonly code: ArtifactKey;
  /** When the code was made: what is ended at or after this instant takes the code along. */
  readonly madeAt: Instant;
  /** When the person had proved who they are, to the second (`auth_time`). */
  readonly authenticatedAt: Instant | null;
  readonly policy: SessionPolicy;
  /** The browser the code was made in. */
  readonly origin: Origin | undefined;
  /** Set once the library has accepted the code; only then is there anything to commit. */
  consumed?: boolean;
  /** Secret of the first refresh token, if the client gets one. */
  secret?: Buffer;
}

const scopes = new AsyncLocalStorage<RequestScope>();

/** Runs `work` with a scope of its own. */
export const withScope = <T>(scope: RequestScope, work: () => T): T => scopes.run(scope, work);

/** The scope of a form's answer in which an authorization goes on, where this is one. */
export function resumingScope(): RequestScope | undefined {
  const scope = scopes.getStore();
  return scope?.resumes === undefined ? undefined : scope;
}

/** The scope of the request being answered. Throws outside of one: that is a programming error. */
export function currentScope(): RequestScope {
  const scope = scopes.getStore();
  if (!scope) throw new TypeError('the protocol layer was entered without a request scope');
  return scope;
}
