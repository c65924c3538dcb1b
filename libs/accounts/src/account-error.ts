/** Why a request about an account was refused. Closed: the edges map each code to their own answer. */
export type AccountErrorCode =
  | 'unknown_account'
  | 'username_taken'
  | 'username_invalid'
  | 'password_too_short'
  | 'password_too_long'
  | 'password_is_username'
  | 'password_too_common';

const sentences: Record<AccountErrorCode, string> = {
  unknown_account: 'There is no such account.',
  username_taken: 'This username is taken.',
  username_invalid: 'A username has 1 to 254 characters, and no spaces or control characters.',
  password_too_short: 'The password is too short.',
  password_too_long: 'The password is too long.',
  password_is_username: 'The password must not be the username.',
  password_too_common: 'The password is one of those that are tried first.',
};

/** A refusal that the caller can answer for; its message never contains what was sent. */
export class AccountError extends Error {
  override readonly name = 'AccountError';

  constructor(readonly code: AccountErrorCode) {
    super(sentences[code]);
  }
}
