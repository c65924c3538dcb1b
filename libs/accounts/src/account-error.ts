/** Why a request about an account was refused. Closed: the edges map each code to their own answer. */
export type AccountErrorCode =
  | 'unknown_account'
  | 'username_taken'
  | 'username_invalid'
  | 'password_too_short'
  | 'password_too_long'
  | 'password_is_username'
  | 'password_too_common'
  | 'display_name_invalid'
  | 'email_invalid'
  | 'email_taken'
  | 'email_missing'
  | 'password_is_set'
  | 'groups_invalid'
  | 'external_id_invalid'
  | 'link_gone'
  | 'identity_taken'
  | 'too_many_identities'
  | 'authenticators_changed';

const sentences: Record<AccountErrorCode, string> = {
  unknown_account: 'There is no such account.',
  username_taken: 'This username is taken.',
  username_invalid: 'A username has 1 to 254 characters, and no spaces or control characters.',
  password_too_short: 'The password is too short.',
  password_too_long: 'The password is too long.',
  password_is_username: 'The password must not be the username.',
  password_too_common: 'The password is one of those that are tried first.',
  display_name_invalid: 'A display name has 1 to 200 characters, and no control characters.',
  email_invalid: 'This is not an address of email, or there is none that could be verified.',
  email_missing: 'The account has no address of email.',
  password_is_set: 'The account has a password already.',
  email_taken: 'Another account has verified this address.',
  groups_invalid:
    'An account has at most 200 groups, each with a name of 1 to 128 characters without control characters.',
  external_id_invalid: 'An external id has 1 to 200 characters, and no control characters.',
  link_gone: 'This link has been used, or has expired.',
  identity_taken: 'This person of the identity provider is linked to an account already.',
  too_many_identities: 'The account is linked to as many identity providers as it may be.',
  authenticators_changed:
    'The password or the second factors have changed since the person proved who they are.',
};

/** A refusal that the caller can answer for; its message never contains what was sent. */
export class AccountError extends Error {
  override readonly name = 'AccountError';

  constructor(readonly code: AccountErrorCode) {
    super(sentences[code]);
  }
}
