import { type Instant, isPast } from '@curfew/session-policy';
import { activeKey, isPublished, type KeyDates } from './key-schedule.js';
import { type PublicJwk, type SigningAlgorithm, type SigningKey, signingAlgorithms } from './signing-key.js';

/** A key of the set with its dates; `key` is missing where its secret is unknown. */
export interface HeldKey extends KeyDates {
  readonly key: SigningKey | undefined;
}

/** The keys in force at one instant. It never changes; when time or the rows move on, there is a new one. */
export class KeySet {
  /** Every published key, the one that signs before the others of its algorithm. */
  readonly keys: readonly SigningKey[];
  /** The public keys, for verifiers (RFC 7517 §5). */
  readonly publicJwks: { readonly keys: readonly PublicJwk[] };
  readonly #active: ReadonlyMap<SigningAlgorithm, SigningKey>;

  constructor(held: readonly HeldKey[], now: Instant) {
    const published = held.filter((each) => isPublished(each, now));
    const active = signingAlgorithms.flatMap((alg) => activeKey(published, alg, now)?.key ?? []);
    const others = published
      // Retired ones before those to come: should the active one ever be missing, what everybody has cached signs.
      .sort((a, b) => rank(a, now) - rank(b, now) || b.activatesAt - a.activatesAt)
      .flatMap(({ key }) => (key && !active.includes(key) ? [key] : []));
    this.#active = new Map(active.map((key) => [key.alg, key]));
    this.keys = [...active, ...others];
    this.publicJwks = { keys: this.keys.map(({ publicJwk }) => publicJwk) };
  }

  /** The key that signs with this algorithm; undefined if there is none. */
  signer(algorithm: string): SigningKey | undefined {
    return this.#active.get(algorithm as SigningAlgorithm);
  }

  /** The kid that signs, per algorithm. */
  get activeKids(): Readonly<Partial<Record<SigningAlgorithm, string>>> {
    return Object.fromEntries([...this.#active].map(([alg, { kid }]) => [alg, kid]));
  }

  /** Whether another set signs and publishes exactly the same. */
  equals(other: KeySet | undefined): boolean {
    const kids = (set: KeySet | undefined) => set?.keys.map(({ kid }) => kid).join();
    return kids(this) === kids(other);
  }
}

const rank = ({ activatesAt }: HeldKey, now: Instant): number => (isPast(activatesAt, now) ? 0 : 1);
