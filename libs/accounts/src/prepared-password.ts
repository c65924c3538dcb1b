import { noPassword } from './password-hasher.js';

/** A password that was checked and hashed, so that a transaction need not wait for hashing. */
export class PreparedPassword {
  constructor(
    /** argon2id in PHC form. */
    readonly hash: string,
  ) {}

  /** The absence of a password: the person of the account chooses one by a link, and nobody signs in with one before. */
  static none(): PreparedPassword {
    return new PreparedPassword(noPassword);
  }

  /** Keeps even the hash out of logs. */
  toJSON(): string {
    return '[password]';
  }
}
