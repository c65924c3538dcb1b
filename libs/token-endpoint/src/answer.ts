import { RefreshContention } from '@curfew/sessions';
import { noteRefusal } from '@curfew/web';
import type { EndpointParts } from './parts.js';
import { isSuspicious } from './refusals/error-cause.js';
import type { Refused } from './refused.js';
import type { EndpointRequest } from './request.js';
import { nameOfRoute, routes } from './routes.js';

/** The response of an endpoint: JSON, or a text of a type of its own; empty if both are absent. */
export interface Answer {
  readonly status: number;
  readonly json?: Readonly<Record<string, unknown>>;
  readonly text?: { readonly type: string; readonly body: string };
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** The `WWW-Authenticate` headers of a refusal, where there are any. */
export type Challenge = (
  issuer: string,
  refused: Refused,
  request: EndpointRequest,
) => string | string[] | undefined;

/** The headers of a response that pages of other origins may read (Fetch §3.2.5). */
const exposed: Readonly<Record<string, string>> = {
  [routes.token]: 'DPoP-Nonce,WWW-Authenticate',
  [routes.pushed_authorization_request]: 'DPoP-Nonce,WWW-Authenticate',
  [routes.userinfo]: 'DPoP-Nonce,WWW-Authenticate',
};
const exposedElsewhere = 'WWW-Authenticate';
/** An answer that offers a nonce lets a page read it, also where no proof is demanded. */
const exposedWithNonce = 'DPoP-Nonce,WWW-Authenticate';

/** Writes an answer. The head leaves with the body in one write, as text; a buffer would be a second one. */
export function write(
  { request, response, path, nextNonce, isForeignOrigin }: EndpointRequest,
  { status, json, text, headers }: Answer,
): void {
  const body = text?.body ?? (json && JSON.stringify(json));
  response.writeHead(status, {
    Vary: 'Origin',
    ...(isForeignOrigin ? {} : { 'Access-Control-Allow-Origin': request.headers.origin || '*' }),
    'Access-Control-Expose-Headers':
      exposed[path] ?? (nextNonce === undefined ? exposedElsewhere : exposedWithNonce),
    ...(body === undefined ? { 'Content-Length': 0 } : {}),
    'cache-control': 'no-store',
    ...(nextNonce === undefined ? {} : { 'dpop-nonce': nextNonce }),
    ...headers,
    ...(body === undefined
      ? {}
      : {
          'Content-Type': text?.type ?? 'application/json; charset=utf-8',
          'Content-Length': Buffer.byteLength(body),
        }),
  });
  response.end(body);
}

/** Answers with an error, and keeps its cause for the log, the metric and, where an attack could look like this, an event. */
export function writeRefusal(
  request: EndpointRequest,
  refused: Refused,
  parts: EndpointParts,
  challenge: Challenge,
): void {
  const { response, client, path, signals, now } = request;
  const { error, why, status } = refused;
  const { detail, retryAfter } = refused.particulars;
  noteRefusal(response, {
    error,
    cause: why,
    ...(client && { clientId: client.id }),
    ...(detail && { detail }),
  });
  if (!request.isToldElsewhere && isSuspicious(why)) {
    const told = { endpoint: nameOfRoute(path), cause: why, presentedBy: client?.id ?? null };
    parts.sessions.requestRefused(told, signals.ip, now);
  }
  const challenges = challenge(parts.issuer, refused, request);
  const headers = {
    ...(challenges === undefined ? {} : { 'WWW-Authenticate': challenges }),
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  };
  write(request, { status, json: refused.body, headers });
}

/** RFC 6749 §5.2: a client that used the Authorization header and is not known is told the scheme. */
export function basicChallenge(
  realm: string,
  { error, status, particulars }: Refused,
  { request }: EndpointRequest,
): string | undefined {
  if (status !== 401 || request.headers.authorization === undefined) return undefined;
  return challengeOf('Basic', { realm, error, error_description: particulars.description });
}

/** A challenge of a scheme with its parameters (RFC 9110 §11.6.1). */
export function challengeOf(scheme: string, members: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`],
  );
  return `${scheme} ${given.join(', ')}`;
}

/** Answers where something failed: 503 where the client should try again, else 500. Nothing was consumed. */
export function writeFailure(request: EndpointRequest, error: unknown, parts: EndpointParts): void {
  const { response, path } = request;
  parts.report(error, `answering ${nameOfRoute(path)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const failed = failure(error, parts);
  noteRefusal(response, {
    error: String(failed.json?.['error']),
    cause: failed.status === 503 ? 'unavailable' : 'internal_error',
  });
  write(request, failed);
}

function failure(error: unknown, { isUnavailable }: EndpointParts): Answer {
  const unavailable = 'temporarily_unavailable';
  if (error instanceof RefreshContention)
    return { status: 503, json: { error: unavailable }, headers: { 'Retry-After': '1' } };
  if (!isUnavailable(error))
    return { status: 500, json: { error: 'server_error', error_description: 'oops! something went wrong' } };
  const error_description = 'the service cannot answer right now; try again';
  return { status: 503, json: { error: unavailable, error_description }, headers: { 'Retry-After': '2' } };
}
