import type { ErrorCause, StatedCause } from '@curfew/token-endpoint';

/** An error of the protocol, as the library makes it. */
export interface ProtocolError extends Error {
  readonly error?: string | undefined;
  readonly error_description?: string | undefined;
  readonly error_detail?: string | undefined;
}

const stated = new WeakMap<object, StatedCause>();

/** Lets an error of ours say its exact cause; the answer stays as it is. */
export function because<E extends object>(error: E, cause: ErrorCause, detail?: string): E {
  stated.set(error, { cause, detail });
  return error;
}

/**
 * The library's own words for what it found, and the cause that each means. Its error codes are too few to tell causes apart, and
 * nothing else does. The first that occurs in an error decides. test/contract/refusals.test.ts holds each to the library's source.
 */
export const phrases: readonly (readonly [words: string, cause: ErrorCause])[] = [
  ['client not found', 'client_unknown'],
  ['invalid authorization header value format', 'client_credentials_malformed'],
  ['is not allowed for this client', 'grant_type_not_allowed'],
  ['may not be used from this origin', 'origin_not_allowed'],
  ['redirect_uri did not match', 'redirect_uri_mismatch'],
  ['post_logout_redirect_uri not registered', 'post_logout_redirect_uri_mismatch'],
  ['client_id does not match the provided id_token_hint', 'id_token_hint_mismatch'],
  ['id_token_hint', 'id_token_hint_invalid'],
  ['must not be provided twice', 'parameter_repeated'],
  ['code_challenge', 'pkce_missing'],
  ['requires PKCE', 'pkce_missing'],
  ['missing required', 'parameter_missing'],
  ['failed to parse the request body', 'body_malformed'],
  ['content-type bodies are supported', 'unsupported_media_type'],
  ['requested response_mode is not allowed', 'response_mode_unsupported'],
  ['requested response_type is not allowed', 'response_type_unsupported'],
  ['authorization request has expired', 'interaction_gone'],
  ['interaction session', 'interaction_gone'],
  ['identifier mismatch', 'interaction_gone'],
  ['session principal changed', 'interaction_gone'],
  ['xsrf token invalid', 'form_refused'],
  ['could not find logout details', 'form_refused'],
  ['could not find device form details', 'form_refused'],
  ['client mismatch', 'issued_to_another_client'],
  ['grant not found', 'session_over'],
  ['grant is expired', 'session_over'],
  ['referenced account not found', 'account_gone'],
];

/** The cause behind an error code of which nothing more is known. */
const byCode: Readonly<Record<string, ErrorCause>> = {
  invalid_request: 'parameter_invalid',
  invalid_client: 'client_credentials_malformed',
  invalid_grant: 'code_unknown',
  invalid_redirect_uri: 'redirect_uri_mismatch',
  invalid_scope: 'scope_invalid',
  invalid_target: 'resource_invalid',
  invalid_request_uri: 'request_uri_invalid',
  invalid_request_object: 'request_object_unsupported',
  request_not_supported: 'request_object_unsupported',
  request_uri_not_supported: 'request_object_unsupported',
  registration_not_supported: 'parameter_invalid',
  unsupported_grant_type: 'grant_type_unsupported',
  unsupported_response_type: 'response_type_unsupported',
  unsupported_response_mode: 'response_mode_unsupported',
  unsupported_token_type: 'token_type_unsupported',
  unauthorized_client: 'grant_type_not_allowed',
  login_required: 'login_required',
  consent_required: 'consent_required',
  interaction_required: 'interaction_required',
  access_denied: 'access_denied',
  authorization_pending: 'authorization_pending',
  slow_down: 'polling_too_fast',
  expired_token: 'code_expired',
};

/** The causes of what a person typed into a device's page; the library names its errors for them and answers 200. */
const byName: Readonly<Record<string, ErrorCause>> = {
  NotFoundError: 'user_code_wrong',
  ExpiredError: 'user_code_expired',
  AlreadyUsedError: 'user_code_used',
  NoCodeError: 'parameter_missing',
  AbortedError: 'access_denied',
};

/** The exact cause of an error, and what may be said beside it. */
export function causeOf(error: ProtocolError): StatedCause {
  const own = stated.get(error);
  if (own) return own;
  const said = `${error.error_detail ?? ''}\n${error.error_description ?? ''}`;
  const [, cause] = phrases.find(([words]) => said.includes(words)) ?? [];
  return { cause: cause ?? byName[error.name] ?? byCode[error.error ?? ''] ?? 'other' };
}
