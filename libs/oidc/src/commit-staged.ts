import { type RefusalCause, wholeSecond } from '@curfew/session-policy';
import {
  AuthorizationKilled,
  clientEvent,
  RefreshContention,
  type SessionService,
  TooManySessions,
} from '@curfew/sessions';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { refusedGrant, stepUpChallenge } from './hooks/refresh-hook.js';
import { worthKeeping } from './origin.js';
import { note, noteError } from './refusals/note-refusals.js';
import type { RequestScope, StagedStart } from './request-scope.js';
import { authorizationOf } from './session-payload.js';
import { type ArtifactStore, InteractionUsed } from './storage/artifact-store.js';
import type { BrowserSessionStore } from './storage/browser-session-store.js';
import type { RefreshThrottle } from './throttles/refresh-throttle.js';

class CodeAlreadyUsed extends Error {
  override readonly name = 'CodeAlreadyUsed';
}

/** What committing needs. */
export interface CommitParts {
  readonly sessions: SessionService;
  readonly artifacts: ArtifactStore;
  readonly browserSessions: BrowserSessionStore;
  readonly refreshThrottle: RefreshThrottle;
  /** Whether an error means that the database cannot be asked now. */
  readonly isUnavailable: (error: unknown) => boolean;
}

type Body = Record<string, unknown> & { refresh_token?: string };

/**
 * Carries out what a request staged, once its whole answer is known and just before it leaves. An answer that is not a
 * success writes nothing: its token or code stays usable. A commit that fails replaces the answer.
 */
export async function commitStaged(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  parts: CommitParts,
): Promise<void> {
  if (ctx.status !== 200) {
    await noteRefusal(ctx, scope, parts);
    return challenge(ctx);
  }
  try {
    if (scope.refresh) await commitRefresh(ctx, scope.refresh);
    if (scope.start?.consumed) await commitStart(ctx, scope, scope.start, parts);
  } catch (error) {
    answerFailedCommit(ctx, scope, error);
    challenge(ctx);
  }
}

/**
 * Writes what the library saved, in one commit, before the answer leaves. After a failure nothing of the request is written, and the
 * browser keeps the cookies it has: it may try again.
 * @throws InteractionUsed, and what the database says
 */
export async function writeStaged(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  { artifacts }: CommitParts,
): Promise<void> {
  if (scope.failure === undefined) return writeScope(scope, artifacts);
  ctx.remove('Set-Cookie');
  scope.staged.clear();
  if (!(scope.failure instanceof InteractionUsed)) return;
  // The library takes what it does not know for a fault; this is none.
  const gone = scope.failure;
  scope.failure = undefined;
  throw gone;
}

/** Writes what was saved in a scope, and a consent once more that had changed since it was read. @throws InteractionUsed */
export async function writeScope(
  { staged, consentAgain }: RequestScope,
  artifacts: ArtifactStore,
): Promise<void> {
  const remembered = await artifacts.commit(staged);
  if (!remembered) await consentAgain?.();
}

/** Tells a client that must send the person through a sign-in how recent that one has to be (RFC 9470 §3). */
function challenge(ctx: KoaContextWithOIDC): void {
  const body = ctx.body as Body | undefined;
  if (ctx.oidc?.route === 'token' && body?.['error'] === stepUpChallenge.error)
    body['max_age'] = stepUpChallenge.max_age;
}

async function commitRefresh(
  ctx: KoaContextWithOIDC,
  refresh: NonNullable<RequestScope['refresh']>,
): Promise<void> {
  const outcome = await refresh.commit();
  if (outcome.kind === 'refused') throw refusedGrant(outcome.decision);
  const body = ctx.body as Body;
  // Another use of the same token may have rotated first; then its successor is the one successor, for everyone.
  if (body.refresh_token !== undefined) body.refresh_token = outcome.refreshToken;
}

async function commitStart(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  start: StagedStart,
  parts: CommitParts,
): Promise<void> {
  const { AuthorizationCode, DeviceCode, RefreshToken, Grant } = ctx.oidc.entities;
  const code = AuthorizationCode ?? DeviceCode;
  if (!code || !Grant) throw new TypeError('a session starts from a code and its grant');
  const token = (RefreshToken ?? code) as unknown as Record<string, unknown>;
  const bound = (RefreshToken as { jkt?: string; 'x5t#S256'?: string } | undefined) ?? {};
  const scopes = new Set(String(code.scope ?? '').split(' '));
  const { authenticatedAt } = start;
  const facts = {
    id: start.sessionId,
    accountId: code.accountId as string,
    clientId: ctx.oidc.client!.clientId,
    resources: [code.resource ?? []].flat(),
    signedInAt: start.madeAt,
    authenticatedAt: authenticatedAt === wholeSecond(start.madeAt) ? null : authenticatedAt,
    keyThumbprint: bound.jkt ?? bound['x5t#S256'] ?? null,
    signals: scope.signals,
  };
  const beginning = {
    facts,
    // A device is not the browser in which it was approved: signing out there must not sign the device out.
    browserSessionUid: AuthorizationCode ? (code.sessionUid ?? null) : null,
    offline: scopes.has('offline_access'),
    authorization: authorizationOf(
      token,
      Grant as unknown as Record<string, unknown>,
      worthKeeping(start.origin, scope.signals),
    ),
    authenticatedAt,
    refreshTokenSecret: start.secret ?? null,
  };
  try {
    await parts.sessions.start(beginning, start.policy, scope.now, async (transaction) => {
      if (!(await parts.artifacts.consume(start.code, scope.now, transaction))) throw new CodeAlreadyUsed();
      const { browserSessionUid } = beginning;
      if (!browserSessionUid) return;
      // An end of the browser session waits for this start or is seen here: a code does not outlive the browser session it was made in.
      const { clientId } = facts;
      const stands = await parts.browserSessions.hold(browserSessionUid, clientId, scope.now, transaction);
      if (!stands) throw new AuthorizationKilled('logout');
    });
  } catch (error) {
    if (!(error instanceof CodeAlreadyUsed)) throw error;
    await endForCodeReuse(parts.sessions, start.sessionId, facts.clientId, scope);
    throw new errors.InvalidGrant('code already consumed');
  }
}

function answerFailedCommit(ctx: KoaContextWithOIDC, scope: RequestScope, error: unknown): void {
  if (error instanceof errors.OIDCProviderError) {
    noteError(ctx, error);
    answer(ctx, error.statusCode, error.error, error.error_description);
  } else if (error instanceof AuthorizationKilled) {
    note(ctx, 'invalid_grant', { cause: 'session_over' });
    answer(ctx, 400, 'invalid_grant', new errors.InvalidGrant('').error_description);
  } else if (error instanceof TooManySessions) {
    note(ctx, 'invalid_grant', { cause: 'session_limit' });
    answer(ctx, 400, 'invalid_grant', 'too many sessions');
  } else {
    scope.failure = error;
    const contended = error instanceof RefreshContention;
    if (contended) ctx.set('Retry-After', '1');
    if (contended) answer(ctx, 503, 'temporarily_unavailable', undefined);
    else answer(ctx, 500, 'server_error', 'oops! something went wrong');
  }
}

/** RFC 6749 §4.1.2: a second use of a code also ends what the first one led to. */
export async function endForCodeReuse(
  sessions: SessionService,
  sessionId: string,
  presentedBy: string | null,
  { now, signals }: RequestScope,
): Promise<void> {
  const reused = clientEvent(presentedBy, 'code.reuse_found', { presentedBy, ip: signals.ip }, now);
  await sessions.end([sessionId], 'code_reuse', { signals }, now, {
    events: [{ ...reused, sessionId }],
  });
}

/** Replaces an answer with an OAuth error (RFC 6749 §5.2). */
export function answer(
  ctx: KoaContextWithOIDC,
  status: number,
  error: string,
  description: string | undefined,
): void {
  ctx.status = status;
  ctx.body = { error, ...(description ? { error_description: description } : {}) };
}

const refusals: readonly RefusalCause[] = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'invalid_dpop_proof',
  'use_dpop_nonce',
];

/**
 * A genuine refresh token that the library refused before the domain was asked: nothing changed, but it is recorded; no longer
 * where its own client is refused again and again, which would otherwise write as many rows as it likes.
 */
async function noteRefusal(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  { sessions, refreshThrottle }: CommitParts,
): Promise<void> {
  const { opened, decided, now, signals } = scope;
  if (!opened || decided || ctx.oidc?.route !== 'token' || ctx.status >= 500) return;
  const clientId = ctx.oidc.client?.clientId ?? 'unknown';
  const isOwn = clientId === opened.session.clientId;
  if (isOwn && refreshThrottle.wait({ clientId, network: signals.prefix, token: '' }, now) !== null) return;
  const cause = refusals.find((known) => known === (ctx.body as Body | undefined)?.['error']) ?? 'refused';
  try {
    await sessions.refusedUnasked(opened, { clientId, keyThumbprint: null, signals }, cause, now);
  } catch (error) {
    scope.failure = error;
    answerFailedCommit(ctx, scope, error);
  }
}
