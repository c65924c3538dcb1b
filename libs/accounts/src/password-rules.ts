import { AccountError } from './account-error.js';
import { isGuessedFirst } from './guessed-passwords.js';
import { normaliseUsername } from './username.js';

/** Bounds of a password: fewest characters of a new one, and most bytes of UTF-8 that are hashed at all. */
export interface PasswordRules {
  readonly shortest: number;
  readonly longest: number;
}

/** NIST SP 800-63B-4 §3.1.1.2 sets the least; ASVS 6.2.9 asks for at least 64 characters, and a cap keeps hashing bounded. */
export const defaultPasswordRules: PasswordRules = { shortest: 8, longest: 1024 };

/**
 * The one form a password is hashed and compared in, NFKC (NIST SP 800-63B-4 §3.1.1.2): keyboards and systems differ in how they
 * send the same letter. Nothing is trimmed, folded or cut.
 */
export const normalisePassword = (typed: string): string => typed.normalize('NFKC');

// Characters are code points.
const lengthOf = (password: string): number => [...password].length;

/** Whether this password may be hashed at all; a long one is not even measured to its end. */
export const fitsForHashing = (password: string, { longest }: PasswordRules): boolean =>
  password.length <= longest && Buffer.byteLength(password, 'utf8') <= longest;

/** Throws an AccountError unless the normalised `password` may become the one of `username`. Composition is not asked for. */
export const checkNewPassword = (username: string, password: string, rules: PasswordRules): void => {
  const name = normaliseUsername(username);
  if (name === null) throw new AccountError('username_invalid');
  if (!fitsForHashing(password, rules)) throw new AccountError('password_too_long');
  if (lengthOf(password) < rules.shortest) throw new AccountError('password_too_short');
  if (normaliseUsername(password) === name) throw new AccountError('password_is_username');
  if (isGuessedFirst(password)) throw new AccountError('password_too_common');
};
