/** Why a registration or a change of one was refused. Closed; the first two are the error codes of RFC 7591 §3.2.2. */
export type RegistrationErrorCode =
  | 'invalid_client_metadata'
  | 'invalid_redirect_uri'
  | 'invalid_resource'
  | 'invalid_policy'
  | 'unknown_client'
  | 'unknown_client_host'
  | 'unknown_secret'
  | 'unknown_resource'
  | 'unknown_policy'
  | 'client_exists'
  | 'resource_exists'
  | 'resource_in_use'
  | 'policy_is_built_in'
  | 'version_conflict'
  | 'no_secret_in_use';

const sentences: Record<RegistrationErrorCode, string> = {
  invalid_client_metadata: 'The client metadata break a rule.',
  invalid_redirect_uri: 'A redirect URI breaks a rule.',
  invalid_resource: 'The resource breaks a rule.',
  invalid_policy: 'The policy breaks a rule.',
  unknown_client: 'There is no such client.',
  unknown_client_host: 'This host is not on the list.',
  unknown_secret: 'This client has no such secret.',
  unknown_resource: 'There is no such resource.',
  unknown_policy: 'There is no such policy.',
  client_exists: 'There is a client with this id.',
  resource_exists: 'There is a resource with this audience.',
  resource_in_use: 'A client serves this resource, or a client or a host of client documents may ask for it.',
  policy_is_built_in: 'The ready profiles are part of the product and cannot be changed.',
  version_conflict: 'Somebody else has changed it meanwhile.',
  no_secret_in_use: 'This client does not authenticate with a secret.',
};

/** A refusal that the caller can answer for. `violations` name each broken rule and never contain what was sent. */
export class RegistrationError extends Error {
  override readonly name = 'RegistrationError';

  constructor(
    readonly code: RegistrationErrorCode,
    readonly violations: readonly string[] = [],
  ) {
    super(sentences[code]);
  }
}
