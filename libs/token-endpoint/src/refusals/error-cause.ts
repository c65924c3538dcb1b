/** The name of the words that a person reads whose request ends on a page of ours; the pages have them in each language. */
export type PublicWords =
  | 'client'
  | 'returnAddress'
  | 'signOutAddress'
  | 'signOutHint'
  | 'request'
  | 'expired'
  | 'form'
  | 'formUnreadable'
  | 'unreadable'
  | 'nothing'
  | 'method'
  | 'tooLarge'
  | 'host'
  | 'denied'
  | 'wait'
  | 'unavailable'
  | 'fault';

interface Entry {
  /** One sentence for operators, as the documentation prints it. */
  readonly meaning: string;
  readonly words: PublicWords;
  /** Set where an attack could look like this, so that it is counted as an event as well. */
  readonly suspicious?: true;
}

const entry = (meaning: string, on: PublicWords = 'request'): Entry => ({ meaning, words: on });
const suspicious = (meaning: string, on: PublicWords = 'request'): Entry => ({
  ...entry(meaning, on),
  suspicious: true,
});

/** Every cause for which the authorization server refuses a request. Closed: log, metric and event use these words. */
export const errorCauses = {
  client_unknown: suspicious('No client has the id that was sent, or the client is disabled.', 'client'),
  client_not_named: entry('The request names no client and brings no credentials of one.'),
  client_credentials_malformed: suspicious(
    'The client’s credentials cannot be read, contradict each other, or were sent in more than one way.',
  ),
  client_secret_wrong: suspicious('The client’s secret is not one of its active secrets.'),
  client_authentication_method: suspicious(
    'The client authenticates in another way than the one it is registered for.',
  ),
  client_assertion_invalid: suspicious('The client’s assertion is not acceptable.'),
  client_assertion_used: suspicious('The client’s assertion was used before.'),
  client_certificate_invalid: suspicious('The client’s certificate is missing or is not the registered one.'),
  grant_type_unsupported: entry('The grant type is none of those that are answered here.'),
  grant_type_not_allowed: suspicious('The client is not registered for this grant type.'),
  origin_not_allowed: suspicious(
    'A page of an origin that the client is not registered for sent the request.',
  ),
  redirect_uri_mismatch: suspicious('The redirect URI is not one of the client’s.', 'returnAddress'),
  post_logout_redirect_uri_mismatch: suspicious(
    'The address to go to after signing out is not one of the client’s.',
    'signOutAddress',
  ),
  id_token_hint_invalid: suspicious(
    'The ID token sent as a hint is none of ours or was changed.',
    'signOutHint',
  ),
  id_token_hint_mismatch: suspicious(
    'The ID token sent as a hint was issued to another client.',
    'signOutHint',
  ),
  parameter_missing: entry('A parameter that the request needs is missing.'),
  parameter_repeated: entry('A parameter stands in the request twice.'),
  parameter_invalid: entry('A parameter has a value that is not allowed.'),
  body_malformed: entry('The body cannot be read as a form.'),
  response_type_unsupported: entry('The response type is not answered here, or not for this client.'),
  response_mode_unsupported: entry('The response mode is not answered here, or not for this client.'),
  request_object_unsupported: entry('The request is, or points to, an object that is not read here.'),
  request_uri_invalid: suspicious('The pushed request is unknown, has expired or was used.', 'expired'),
  pkce_missing: entry('The request has no acceptable code challenge or code verifier.'),
  pkce_mismatch: suspicious('The code verifier does not belong to the code challenge.'),
  scope_invalid: entry('The request asks for a scope that cannot be granted, or for none.'),
  resource_invalid: entry(
    'The request asks for an API that is unknown, or that the client is not registered for.',
  ),
  login_required: entry('Nobody is signed in, and the request forbids to ask.'),
  consent_required: entry('The person has to allow something, and the request forbids to ask.'),
  interaction_required: entry('The person has to be asked something, and the request forbids it.'),
  access_denied: entry('The person declined.', 'denied'),
  interaction_gone: entry('The interaction is over, or started in another browser.', 'expired'),
  form_refused: suspicious('The form does not come from a page that this browser was sent.', 'form'),
  form_malformed: entry('The form cannot be read.', 'formUnreadable'),
  code_unknown: suspicious('No such code was issued, or it is long over.'),
  code_expired: entry('The code has expired.'),
  code_used: suspicious('The code was redeemed before.'),
  issued_to_another_client: suspicious('The code or token was issued to another client.'),
  refresh_token_unknown: entry('No such refresh token was issued, or its session is long over.'),
  session_over: entry('The session that the token or code belongs to has ended.'),
  step_up_required: entry('The person has to sign in again before the session goes on.'),
  context_too_weak: entry('The sign-in proved less than the policy requires now.'),
  session_limit: entry('The account has as many sessions as its policy allows.'),
  account_gone: entry('The account is disabled or deleted.'),
  access_token_invalid: suspicious('The access token is unknown, over, or not meant for this endpoint.'),
  subject_token_invalid: suspicious(
    'The subject token of an exchange is over, or neither meant for the client nor issued to it.',
  ),
  actor_token_invalid: suspicious(
    'The actor token of an exchange is over, or not the own token of the client.',
  ),
  exchange_not_allowed: suspicious('The client may not exchange tokens for that API.'),
  exchange_too_deep: suspicious(
    'More clients would act one for another than the right of the client allows.',
  ),
  token_type_unsupported: entry('The token is of a kind that this endpoint cannot be asked about.'),
  key_mismatch: suspicious('The request does not prove the key that the token or code is bound to.'),
  dpop_proof_missing: entry('The request needs a DPoP proof and has none.'),
  dpop_proof_invalid: suspicious('The DPoP proof is not acceptable.'),
  dpop_proof_used: suspicious('The DPoP proof was used before.'),
  dpop_nonce_required: entry('The DPoP proof needs a nonce of ours.'),
  user_code_wrong: suspicious('No device has the code that was typed.'),
  user_code_expired: entry('The code that was typed has expired.'),
  user_code_used: entry('The code that was typed was used already.'),
  authorization_pending: entry('The person has not answered for the device yet.'),
  polling_too_fast: entry('The device asks more often than it may.'),
  too_many_attempts: suspicious('There were too many failed attempts from there.', 'wait'),
  too_many_requests: entry('There were more requests from there than are taken.', 'wait'),
  malformed_request: entry('The request target cannot be read.', 'unreadable'),
  wrong_host: entry('The request was sent to another host than the issuer’s.', 'host'),
  not_found: entry('There is nothing at this address.', 'nothing'),
  method_not_allowed: entry('The address is not answered to this method.', 'method'),
  content_too_large: entry('More was sent than is read.', 'tooLarge'),
  unsupported_media_type: entry('The body is of a type that is not read here.', 'formUnreadable'),
  unavailable: entry('The database could not be asked.', 'unavailable'),
  internal_error: entry(
    'The service made a mistake; the log holds the error under the same number.',
    'fault',
  ),
  other: entry('None of the above; a cause that has no word yet.'),
} as const satisfies Readonly<Record<string, Entry>>;

/** Why the authorization server refused a request; one of the closed list. */
export type ErrorCause = keyof typeof errorCauses;

/** A cause, and a fact beside it that is of a closed list or of our own making. */
export interface StatedCause {
  readonly cause: ErrorCause;
  readonly detail?: string | undefined;
}

/** Whether a word is a cause of the closed list. */
export const isErrorCause = (word: string): word is ErrorCause => Object.hasOwn(errorCauses, word);

/** The name of the words that the page has for a person whose request was refused for this. */
export const publicWords = (cause: ErrorCause): PublicWords => errorCauses[cause].words;

/** Whether an attack could look like this, so that it is counted as an event. */
export const isSuspicious = (cause: ErrorCause): boolean => 'suspicious' in errorCauses[cause];

/** The closed list as the documentation prints it. */
export const causeTable = (): readonly [readonly string[], readonly (readonly string[])[]] => [
  ['cause', 'meaning', 'event'],
  Object.entries<Entry>(errorCauses).map(([cause, { meaning, suspicious }]) => [
    `\`${cause}\``,
    meaning,
    suspicious ? 'yes' : '',
  ]),
];
