/** The exit codes of a command, a closed list that the help shows. */
export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  conflict: 5,
  unreachable: 6,
  found: 7,
} as const;

/** One of the closed list. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** The meaning of each code, for the help. */
export const exitCodeMeanings = `Exit codes:
  0  done
  1  failed for another reason
  2  the command line or a file was wrong
  3  there is no such thing
  4  not authenticated, or not allowed
  5  somebody else changed it, or it exists already
  6  the service cannot be reached, or is overloaded
  7  something was found: by doctor, by lint, or a plan with changes`;

/** A failure with what to tell and how to exit; never has a secret in it. */
export class CommandError extends Error {
  override readonly name = 'CommandError';

  constructor(
    message: string,
    readonly exitCode: ExitCode = exitCodes.failed,
    /** The single faults of a request, as the service told them. */
    readonly faults: readonly { readonly at: string; readonly detail: string }[] = [],
    /** The status of the answer that refused it, where one did. */
    readonly status?: number,
  ) {
    super(message);
  }
}
