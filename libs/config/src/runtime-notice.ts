/** How oidc-provider says at its import that Node is older than its authors recommend. We support Node from 20.19 and test it. */
const notice = 'oidc-provider WARNING: Unsupported runtime. ';

/**
 * Leaves this one notice out, once, and nothing else: logs are JSON lines, and the library has no setting for it. To be called before
 * oidc-provider is loaded.
 */
export function leaveOutRuntimeNotice(output: Pick<Console, 'warn'> = console): void {
  const { warn } = output;
  output.warn = (...said: unknown[]) => {
    if (typeof said[0] !== 'string' || !said[0].includes(notice)) return warn.apply(output, said);
    output.warn = warn;
  };
}
