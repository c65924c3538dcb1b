import { Throttle, type ThrottleLimit, throttleKey } from '@curfew/accounts';
import { type KnownClient, type KnownResource, type Registry, verifySecret } from '@curfew/clients';
import { documentHost } from '@curfew/clients/client-documents';
import { otherSpellings } from '@curfew/clients/resource-indicator';
import type { Clock } from '@curfew/clock';
import { type Instant, isPast, plus, type Seconds, secondsUntil } from '@curfew/session-policy';

/** The outcome of checking a client's secret. */
export type SecretVerdict = 'right' | 'wrong' | { readonly throttledFor: Seconds };

/** Blocked pairs of client and network that are remembered; the database knows the others. */
const maxBlocked = 10_000;

const keyOf = (clientId: string, network: string | null): string =>
  throttleKey('client-secret', clientId, network ?? '');

/** Reads documents that introduce clients. */
export interface ClientDocumentReader {
  /** Reads the document at this address of a host and keeps what it says; one of a client that is known comes before made-up ones. */
  renew(id: string, host: string, isKnown: boolean): Promise<void>;
}

/** Clients as the protocol layer may see them: disabled ones do not exist, and secrets cannot be guessed at leisure. */
export class ClientDirectory {
  readonly #blockedUntil = new Map<string, Instant>();

  constructor(
    private readonly registry: Registry,
    private readonly throttle: Throttle,
    private readonly clock: Clock,
    private readonly failures: ThrottleLimit,
    /** Absent where documents introduce nobody. */
    private readonly documents?: ClientDocumentReader,
  ) {}

  /**
   * The client that a person is to be asked for: as `find`, but the document of one whose id is an address is read where it is not known, or
   * fresh no more. If it cannot be read, there is no such client.
   */
  async findToAsk(id: string): Promise<KnownClient | undefined> {
    const host = this.documents && documentHost(id);
    if (!this.documents || !host) return this.find(id);
    const known = await this.registry.client(id);
    if (known && (known.disabledAt !== null || this.#isFresh(known))) return this.find(id);
    await this.documents.renew(id, host, known !== null);
    const renewed = await this.registry.reread(id);
    return renewed && renewed.disabledAt === null && this.#isFresh(renewed) ? renewed : undefined;
  }

  #isFresh({ documentFreshUntil }: KnownClient): boolean {
    return documentFreshUntil !== undefined && !isPast(documentFreshUntil, this.clock.now());
  }

  /** The client, or undefined when unknown, disabled or deleted. */
  async find(id: string): Promise<KnownClient | undefined> {
    if (!this.documents && documentHost(id) !== null) return undefined;
    const client = await this.registry.client(id);
    return client && client.disabledAt === null ? client : undefined;
  }

  /** The API that a resource indicator names (RFC 8707), or undefined. An audience that is spelled exactly so comes before all others. */
  async resource(indicator: string): Promise<KnownResource | undefined> {
    const exact = await this.registry.resource(indicator);
    if (exact) return exact;
    for (const spelling of otherSpellings(indicator)) {
      const other = await this.registry.resource(spelling);
      if (other) return other;
    }
    return undefined;
  }

  /**
   * Whether this is one of the client's active secrets, in constant time. A no is not counted here: the caller MUST go on to
   * `checkSecret` then.
   */
  hasSecret(client: KnownClient, presented: string): boolean {
    return verifySecret(client, presented, this.clock.now());
  }

  /**
   * Compares a secret in constant time. Wrong ones are counted by client and network, for all nodes together, and after too many
   * of them the network has to wait. The right secret is always right: it has 256 random bits, so refusing it would keep no
   * guess out, only the client whose neighbour guesses.
   */
  async checkSecret(clientId: string, presented: string, network: string | null): Promise<SecretVerdict> {
    const key = keyOf(clientId, network);
    const now = this.clock.now();
    if (verifySecret((await this.find(clientId)) ?? null, presented, now)) return 'right';
    const blockedUntil = this.#blockedUntil.get(key);
    if (blockedUntil !== undefined && !isPast(blockedUntil, now))
      return { throttledFor: secondsUntil(blockedUntil, now) };
    const verdict = await this.throttle.take(key, this.failures);
    if (verdict.allowed) return 'wrong';
    this.#block(key, plus(now, verdict.retryAfter));
    return { throttledFor: verdict.retryAfter };
  }

  #block(key: string, until: Instant): void {
    this.#blockedUntil.delete(key);
    if (this.#blockedUntil.size >= maxBlocked)
      this.#blockedUntil.delete(this.#blockedUntil.keys().next().value!);
    this.#blockedUntil.set(key, until);
  }
}
