/** The codes of a CurfewError that are not the error codes of OAuth. */
export type CurfewErrorCode =
  /** Nobody is signed in; begin with `signIn`. */
  | 'signed_out'
  /** The authorization server could not be asked, or cannot answer now. Nothing was lost. */
  | 'unavailable'
  /** The answer of the authorization server is not what it must be. */
  | 'unexpected_answer'
  /** This tab did not begin the sign-in that has come back to it. */
  | 'unknown_sign_in'
  /** The address is not one of `apis`, so it gets no token. */
  | 'foreign_api'
  /** An option is missing or wrong. */
  | 'wrong_option';

/** Everything that this package throws: a code for programs and a sentence for people, without any secret. */
export class CurfewError extends Error {
  override readonly name = 'CurfewError';

  constructor(
    /** One of CurfewErrorCode, or an error code of OAuth such as `access_denied`. */
    readonly code: CurfewErrorCode | (string & {}),
    message: string,
  ) {
    super(message);
  }
}

/** The error of everything that needs somebody who is signed in. */
export const signedOut = (): CurfewError => new CurfewError('signed_out', 'nobody is signed in');

/** The error that an endpoint answered (RFC 6749 §5.2). */
export const refusedBy = ({
  error,
  error_description: description,
}: Readonly<Record<string, unknown>>): CurfewError =>
  new CurfewError(
    String(error ?? 'unexpected_answer'),
    String(description ?? 'the authorization server refused'),
  );

/** A server that cannot be asked ends nothing, and the session goes on until it can. @throws unknown */
export function onlyUnavailable(error: unknown): void {
  if (!(error instanceof CurfewError && error.code === 'unavailable')) throw error;
}
