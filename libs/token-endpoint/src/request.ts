/*
 * A request to an endpoint of this room and its answer: the form that is read of the one, the head and body that are written of the other.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import type { KnownClient } from '@curfew/clients';
import type { Instant, RequestSignals } from '@curfew/session-policy';
import { RefreshContention, type SessionService } from '@curfew/sessions';
import { noteRefusal, readBody } from '@curfew/web';
import { isSuspicious } from './refusals/error-cause.js';
import { invalidRequest, type Refused } from './refused.js';
import { nameOfRoute, routes } from './routes.js';

/** The parameters of a request: a text, or several where one was sent more than once. */
export type Form = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request to one of the endpoints, and what its answer will have to say besides. */
export interface EndpointRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Path of the endpoint below the issuer. */
  readonly path: string;
  readonly now: Instant;
  readonly signals: RequestSignals;
  /** Empty until it was read. */
  form: Form;
  /** Set once a DPoP proof was read: the nonce that the client is to use from now on (RFC 9449 §8.2). */
  nextNonce?: string | undefined;
  /** Set where the client asks from an origin that is not its own: the answer is for nobody there (Fetch §3.2). */
  isForeignOrigin?: boolean;
  /** Set once the client has named itself and is known. */
  client?: KnownClient;
  /** Set once a refusal is told otherwise: as an event of the session, or as a token that is unknown. */
  isToldElsewhere?: boolean;
}

/** A request whose client has authenticated. */
export interface ClientRequest extends EndpointRequest {
  readonly client: KnownClient;
}

/** A larger form is refused unread. */
const maxFormBytes = 56 * 1024;

const formType = 'application/x-www-form-urlencoded';
const isForm = new RegExp(`^${formType}\\s*(;|$)`, 'i');

/** The form of a request (RFC 6749 §3.2); a request without a type has none. Undefined where the request breaks off. */
export async function readForm(request: IncomingMessage, path: string): Promise<Form | undefined> {
  const { 'content-type': type, 'content-length': length, 'transfer-encoding': coding } = request.headers;
  if (!type) return {};
  if (!isForm.test(type) || (length === undefined && coding === undefined))
    throw invalidRequest(
      `only ${formType} content-type bodies are supported on POST ${path}`,
      'unsupported_media_type',
    );
  const body = await readBody(request, maxFormBytes).catch(() => null);
  if (body === null) return undefined;
  if (!body) throw invalidRequest('failed to parse the request body', 'body_malformed');
  // All of them, however many: a parameter that was left unread could be a repetition of one that was read.
  return parse(body.toString(), '&', '=', { maxKeys: 0 });
}

/** The parameters in the query of an address. */
export const formOf = (url = ''): Form => parse(url.split('?', 2)[1] ?? '', '&', '=', { maxKeys: 0 });

/** The value of a parameter; an empty one counts as absent (RFC 6749 §3.2). */
export function parameter({ form }: Pick<EndpointRequest, 'form'>, name: string): string | undefined {
  const value = form[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

const list = new Intl.ListFormat('en', { type: 'conjunction' });

const named = (names: readonly string[]): string =>
  `parameter${names.length === 1 ? '' : 's'} ${list.format(names.map((name) => `'${name}'`))}`;

/** RFC 6749 §3.2: none of these parameters may stand in the request twice. */
export function refuseRepeated({ form }: Pick<EndpointRequest, 'form'>, names: readonly string[]): void {
  const repeated = names.filter((name) => Array.isArray(form[name]));
  if (repeated.length === 0) return;
  const quoted = list.format(repeated.map((name) => `'${name}'`));
  const noun = repeated.length === 1 ? 'parameter' : 'parameters';
  throw invalidRequest(`${quoted} ${noun} must not be provided twice`, 'parameter_repeated');
}

/** All of these parameters must be there. */
export function requireParameters(request: Pick<EndpointRequest, 'form'>, ...names: readonly string[]): void {
  const missing = names.filter((name) => parameter(request, name) === undefined);
  if (missing.length > 0) throw invalidRequest(`missing required ${named(missing)}`, 'parameter_missing');
}

/** The response of an endpoint: JSON, or a text of a type of its own; empty if both are absent. */
export interface Answer {
  readonly status: number;
  readonly json?: Readonly<Record<string, unknown>>;
  readonly text?: { readonly type: string; readonly body: string };
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** The parts with which a refusal or a failure is answered. */
interface AnswerParts {
  readonly issuer: string;
  readonly sessions: SessionService;
  readonly isUnavailable: (error: unknown) => boolean;
  readonly report: (error: unknown, subject: string) => void;
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
  parts: AnswerParts,
  challenge: Challenge,
): void {
  const { response, client, path, now } = request;
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
    parts.sessions.requestRefused(told, request.signals.ip, now);
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
export function writeFailure(request: EndpointRequest, error: unknown, parts: AnswerParts): void {
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

function failure(error: unknown, { isUnavailable }: AnswerParts): Answer {
  const unavailable = 'temporarily_unavailable';
  if (error instanceof RefreshContention)
    return { status: 503, json: { error: unavailable }, headers: { 'Retry-After': '1' } };
  if (!isUnavailable(error))
    return { status: 500, json: { error: 'server_error', error_description: 'oops! something went wrong' } };
  const error_description = 'the service cannot answer right now; try again';
  return { status: 503, json: { error: unavailable, error_description }, headers: { 'Retry-After': '2' } };
}
