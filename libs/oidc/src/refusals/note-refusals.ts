import type { EventEmitter } from 'node:events';
import type { SessionService } from '@curfew/sessions';
import { type ErrorCause, isErrorCause, isSuspicious, type StatedCause } from '@curfew/token-endpoint';
import { noteRefusal, type Refusal, refusalOf } from '@curfew/web';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import type { RequestScope } from '../request-scope.js';
import { causeOf, type ProtocolError } from './cause-of.js';

/** The events by which the library tells of an error that it answers. */
const errorEvents = [
  'authorization',
  'code_verification',
  'device_authorization',
  'device_resume',
  'discovery',
  'end_session',
  'end_session_confirm',
  'end_session_success',
  'jwks',
  'pushed_authorization_request',
].map((name) => `${name}.error`);

/** Keeps the exact cause of whatever the library refuses, for the line in the log and for the metric. */
export function noteRefusals(provider: Provider): void {
  const events: EventEmitter = provider;
  for (const name of errorEvents)
    events.on(name, (ctx: KoaContextWithOIDC, error: ProtocolError) => noteError(ctx, error));
}

/** Keeps the cause of an error that is about to be answered, and returns it. */
export function noteError(ctx: KoaContextWithOIDC, error: ProtocolError): Refusal & { cause: ErrorCause } {
  return note(ctx, error.error ?? 'invalid_request', causeOf(error));
}

/** Keeps why a request is refused. */
export function note(
  ctx: KoaContextWithOIDC,
  error: string,
  { cause, detail = sentAddress(ctx, cause) }: StatedCause,
): Refusal & { cause: ErrorCause } {
  const clientId = ctx.oidc?.client?.clientId;
  const refusal = { error, cause, ...(clientId && { clientId }), ...(detail && { detail }) };
  noteRefusal(ctx.res, refusal);
  return refusal;
}

/** The parameter that holds the address a request is refused for. */
const addressParameter: { readonly [C in ErrorCause]?: string } = {
  redirect_uri_mismatch: 'redirect_uri',
  post_logout_redirect_uri_mismatch: 'post_logout_redirect_uri',
};

/** The parameter of a request, as it was sent, also where the library has not come to reading it. */
export function parameter({ oidc, query }: KoaContextWithOIDC, name: string): string | undefined {
  const value: unknown = oidc?.params?.[name] ?? (oidc?.body as Record<string, unknown> | undefined)?.[name];
  const sent = value ?? query[name];
  return typeof sent === 'string' ? sent : undefined;
}

/** An address that is not registered, as far as it may stand in a log: a query, a fragment and credentials may be secret. */
function sentAddress(ctx: KoaContextWithOIDC, cause: ErrorCause): string | undefined {
  const name = addressParameter[cause];
  const sent = name && parameter(ctx, name);
  if (!name || !sent) return undefined;
  if (!URL.canParse(sent)) return `${name} is no URL`;
  const { protocol, host, pathname } = new URL(sent);
  return `${name} ${protocol}//${host}${pathname}`.slice(0, 200);
}

/** The endpoint of each of the library's routes, as metrics and events name it. */
const endpoints: Readonly<Record<string, string>> = {
  resume: 'authorization',
  device_resume: 'code_verification',
  end_session_confirm: 'end_session',
  end_session_success: 'end_session',
};

/**
 * Counts refusals that an attack could look like. Floods become numbers: for one cause at one endpoint by one client, there is a row for
 * each of a few addresses and flush of the log.
 */
export function tellRefusal(ctx: KoaContextWithOIDC, scope: RequestScope, sessions: SessionService): void {
  const refusal = refusalOf(ctx.res);
  const route = ctx.oidc?.route;
  if (!refusal || !route || !isErrorCause(refusal.cause) || !isSuspicious(refusal.cause)) return;
  const { cause, clientId = null } = refusal;
  const endpoint = endpoints[route] ?? route;
  sessions.requestRefused({ endpoint, cause, presentedBy: clientId }, scope.signals.ip, scope.now);
}
