import type { EventEmitter } from 'node:events';
import { InteractionUsed, SignedOutMeanwhile } from '@curfew/artifacts';
import { tokenExchangeGrant } from '@curfew/clients/token-exchange';
import type { Seconds } from '@curfew/session-policy';
import type { KeySet } from '@curfew/tokens';
import { newId } from '@curfew/tokens';
import { errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { providerConfiguration } from './configuration.js';
import { refuseUnauthenticated } from './hooks/client-endpoints.js';
import { announceInterval } from './hooks/device-interval.js';
import { showInteraction } from './hooks/interaction-page.js';
import { drawOnwardForm } from './hooks/onward-forms.js';
import { signingKeysOf } from './hooks/signing-keys.js';
import { answerFault, answerGone, answerSignedOut, answerUnavailable } from './hooks/unavailable.js';
import { forgetRightCode, userCodeAllowed } from './hooks/user-code-throttle.js';
import { letGoWhenAnswered } from './let-go.js';
import type { ProtocolParts } from './protocol-parts.js';
import { noteRefusals, tellRefusal } from './refusals/note-refusals.js';
import { begunScope, currentScope, type RequestScope, requestScope, withScope } from './request-scope.js';
import { writeStaged } from './write-staged.js';

/** An oidc-provider that signs with these keys, around the session engine. Cheap to make: a new key set makes a new one. */
export function createProvider(parts: ProtocolParts, keys: KeySet): Provider {
  const provider = new Provider(parts.issuer, providerConfiguration(parts, signingKeysOf(keys)));
  // The front door states host and scheme itself; with https they are not those of the socket.
  provider.proxy = parts.issuer.startsWith('https:');
  // Metadata lists it; the token endpoint that answers it is our own (token-endpoint/).
  provider.registerGrantType(tokenExchangeGrant, () => {
    throw new errors.UnsupportedGrantType();
  });
  nameGrants(provider);
  saveOnlyStoredSessions(provider);
  provider.on('server_error', (_ctx, error) => {
    currentScope().failure = error;
  });
  reportToLog(provider, parts);
  noteRefusals(provider);
  provider.use((ctx, next) => {
    const served = servedInScope(ctx as KoaContextWithOIDC, provider, parts, next);
    return served.finally(() => letGoWhenAnswered(ctx as KoaContextWithOIDC));
  });
  return provider;
}

/** Serves a request in a scope of its own, or in the one in which our own pages have begun it. */
async function servedInScope(
  ctx: KoaContextWithOIDC,
  provider: Provider,
  parts: ProtocolParts,
  next: () => Promise<void>,
): Promise<void> {
  const begun = begunScope();
  if (begun) {
    if (begun.resumes !== undefined) showResumeCookie(ctx, provider, begun.resumes);
    return serveWithSteps(ctx, begun, parts, next);
  }
  const scope = requestScope(ctx.req, parts);
  return withScope(scope, () => serveWithSteps(ctx, scope, parts, next));
}

/**
 * The cookie that says which interaction a browser may go on from is only sent where it would be sent back to. The form's own cookie, which
 * was set with it and has been checked, says the same.
 */
function showResumeCookie(ctx: Pick<KoaContextWithOIDC, 'cookies'>, provider: Provider, uid: string): void {
  const { cookies } = ctx;
  const name = (provider as Provider & { cookieName(kind: string): string }).cookieName('resume');
  const get = cookies.get.bind(cookies);
  cookies.get = (asked, options) => (asked === name ? uid : get(asked, options));
}

/**
 * Koa writes what nobody listens for to the console, in lines that are no log's. An error of a connection (its bytes are no HTTP, the
 * client is gone) is not reported at all: the line about the request says that it was aborted.
 */
function reportToLog(provider: Provider, parts: ProtocolParts): void {
  const events: EventEmitter = provider;
  events.on('error', (error: Error & { code?: unknown }) => {
    if (/^(?:HPE_|ECONN|EPIPE|ERR_STREAM_)/.test(String(error.code))) return;
    parts.report(error, 'answering a protocol request');
  });
}

/** The steps around the library: before it looks at the request, and between its response and the moment at which that leaves. */
async function serveWithSteps(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  parts: ProtocolParts,
  next: () => Promise<void>,
): Promise<void> {
  try {
    if (!(await userCodeAllowed(ctx, scope, parts))) return;
    await next();
    refuseUnauthenticated(ctx, scope);
    if (scope.nextNonce !== undefined) ctx.set('dpop-nonce', scope.nextNonce);
    drawOnwardForm(ctx, parts.pages);
    await writeStaged(ctx, scope, parts);
    switch (ctx.oidc?.route) {
      case 'authorization':
        await showInteraction(ctx, scope, parts);
        break;
      case 'device_authorization':
        announceInterval(ctx);
        break;
      case 'code_verification':
        await forgetRightCode(ctx, scope, parts);
        break;
      default:
    }
  } catch (error) {
    if (error instanceof SignedOutMeanwhile && ctx.oidc?.route === 'authorization')
      answerSignedOut(ctx, parts);
    else if (error instanceof InteractionUsed) answerGone(ctx, parts);
    else {
      scope.failure = error;
      answerFault(ctx, parts);
    }
  }
  answerUnavailable(ctx, scope, parts);
  tellRefusal(ctx, scope, parts.sessions);
  sayWhatMayBeKept(ctx, parts.metadataMaxAge);
}

/**
 * Metadata and keys are the same for everybody and may be kept for a while, less than a new key is published before it signs.
 * Nothing else may be kept; the library forgets to say so of the form that submits a device's code.
 */
function sayWhatMayBeKept(ctx: KoaContextWithOIDC, metadataMaxAge: Seconds): void {
  const isPublic = ctx.oidc?.route === 'jwks' || ctx.oidc?.route === 'discovery';
  if (isPublic && ctx.status === 200) ctx.set('cache-control', `public, max-age=${metadataMaxAge}`);
  else if (!ctx.response.get('cache-control')) ctx.set('cache-control', 'no-store');
}

/** A grant becomes a session when its code is redeemed, so its id is one of a session. The library asks a model for its value in one method. */
function nameGrants(provider: Provider): void {
  const { prototype } = provider.Grant as unknown as { prototype: { generateTokenId: () => string } };
  prototype.generateTokenId = () => newId(currentScope().now);
}

/**
 * If a device page refuses a browser that brought no cookie, the library puts a form secret into a session that was never stored and then
 * fails to store it again (pinned by test/contract). No browser knows that session: let it go.
 */
function saveOnlyStoredSessions(provider: Provider): void {
  const { prototype } = provider.Session as {
    prototype: { exp?: number; persist: () => Promise<unknown> };
  };
  const { persist } = prototype;
  prototype.persist = async function persistStored() {
    return typeof this.exp === 'number' ? persist.call(this) : undefined;
  };
}
