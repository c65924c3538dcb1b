import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse } from 'node:querystring';
import type { KnownClient } from '@curfew/clients';
import type { Instant, RequestSignals } from '@curfew/session-policy';
import { readBody } from '@curfew/web';
import { invalidRequest } from './refused.js';

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
