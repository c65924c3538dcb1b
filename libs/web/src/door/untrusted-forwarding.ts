/** An hour between two warnings, in milliseconds. */
const warnEveryMs = 3_600_000;

/**
 * Notices a proxy that nobody told the service of. With no trusted hop, X-Forwarded-For is not believed, so all clients behind the
 * proxy share its address, its throttles and its risk; an operator must hear of that before the clients do.
 */
export class UntrustedForwarding {
  #quietUntil = 0;

  /** `monotonicMs` is a clock that never goes back; `warn` is called at most once an hour. */
  constructor(
    private readonly trustedHops: number,
    private readonly warn: () => void,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  /** Looks at the headers of a request. */
  look(headers: Readonly<Record<string, unknown>>): void {
    if (this.trustedHops > 0 || headers['x-forwarded-for'] === undefined) return;
    const now = this.monotonicMs();
    if (now < this.#quietUntil) return;
    this.#quietUntil = now + warnEveryMs;
    this.warn();
  }
}

/** The text of the warning. */
export const untrustedForwarding =
  'a request came with X-Forwarded-For, but CURFEW_TRUSTED_HOPS is 0: if a proxy of yours sent it, all its clients share one address for throttles and risk';
