import type { JsonWebKey, KeyObject } from 'node:crypto';
import type { KnownClient } from '@curfew/clients';
import { isKeyFor, isObject, isSignedBy, type Jws, keyOf, type Members } from '@curfew/resource-server/jws';
import { type Instant, latest, plus, seconds } from '@curfew/session-policy';
import { LRUCache } from 'lru-cache';
import { freshUntil, limitedText } from './fetched-document.js';
import type { outboundFetch } from './outbound-fetch.js';

/** A key of a client, ready to verify with. */
interface ClientKey {
  readonly jwk: JsonWebKey & Members;
  readonly key: KeyObject;
}

interface FetchedKeys {
  readonly keys: readonly ClientKey[];
  /** When the address was asked last, whether it answered or not. */
  readonly askedAt: Instant;
  /** Whether it did not, so that these are keys of an earlier answer, or none. */
  readonly isStandIn: boolean;
  /** Nobody asks the address again before, but for a key that is not among these. */
  readonly freshUntil: Instant;
  /** Until then the keys stand in where the address does not answer. */
  readonly keptUntil: Instant;
}

/** Somebody who signs, with the keys to check that by or the address that has them. */
export interface PublishedKeys {
  readonly metadata: Pick<KnownClient['metadata'], 'jwks' | 'jwks_uri'>;
}

/** A client's published keys cannot be had. */
class UnreadableKeySet extends Error {
  override readonly name = 'UnreadableKeySet';
}

/** Key sets that are kept ready. */
const maxKeySets = 1_000;
/** Seconds before which a fetched key set is not fetched again, and after which it is, however long its address says that it may be kept. */
const fresh = { least: 60, most: 3_600 };
/**
 * Seconds for which an address that was asked is left alone, whatever key a signature names and whether it answered: anybody can name a
 * client and a key, and each request would otherwise be one to that address.
 */
const leftAlone = 10;
/** Seconds for which keys that are fresh no more stand in for those of an address that fails. */
const standInKept = 3_600;
const maxKeySetBytes = 64 * 1024;

/** The public keys of clients: registered with them (`jwks`), or fetched from where they publish them (`jwks_uri`, RFC 7591 §2). */
export class ClientKeys {
  readonly #registered = new WeakMap<object, readonly ClientKey[]>();
  readonly #fetched: LRUCache<string, FetchedKeys>;
  readonly #underWay = new Map<string, Promise<FetchedKeys>>();
  readonly #fetch: ReturnType<typeof outboundFetch>;

  constructor(fetch: ReturnType<typeof outboundFetch>, max = maxKeySets) {
    this.#fetched = new LRUCache({ max });
    this.#fetch = fetch;
  }

  /**
   * Whether a key of this client made the signature. A set that is fresh no more is fetched anew before either answer: a key that its
   * client withdrew must not authenticate anybody for longer than the set was fresh. So is a fresh one that lacks the key which the
   * signature names: keys are replaced without notice (OpenID Connect Core §10.1.1).
   */
  async verifies({ metadata }: PublishedKeys, jws: Jws, now: Instant): Promise<boolean> {
    const { jwks, jwks_uri: address } = metadata;
    if (jwks) return isSignedByOne(this.#ready(jwks), jws);
    if (address === undefined) return false;
    const known = this.#fetched.get(address);
    const isEnough = known && known.freshUntil > now && !mayBeNew(jws, known, now);
    const { keys } = isEnough ? known : await this.#fetchOnce(address, now);
    return isSignedByOne(keys, jws);
  }

  /** Whether the keys of this address are at hand as it told them last: without them, a signature that was not verified may be right. */
  hasAny(address: string): boolean {
    const known = this.#fetched.peek(address);
    return known !== undefined && !known.isStandIn && known.keys.length > 0;
  }

  /**
   * The keys that may be missing where none of this address has made a signature: the one that it names, or all; none where that is at hand,
   * or the address has told its keys since the signature came. A key that was published meanwhile may have made it otherwise.
   */
  missing(address: string, { header: { kid } }: Jws, cameAt: Instant): 'nothing' | 'this_key' | 'any_key' {
    const known = this.#fetched.peek(address);
    if (!known || known.keys.length === 0) return 'any_key';
    const isNewest = !known.isStandIn && known.askedAt >= cameAt;
    const isAtHand = typeof kid === 'string' && known.keys.some(({ jwk }) => jwk['kid'] === kid);
    return isNewest || isAtHand ? 'nothing' : 'this_key';
  }

  #ready(jwks: { readonly keys: readonly JsonWebKey[] }): readonly ClientKey[] {
    const ready = this.#registered.get(jwks) ?? readKeys(jwks.keys);
    this.#registered.set(jwks, ready);
    return ready;
  }

  /** Requests that need the same set at once wait for one answer. */
  #fetchOnce(address: string, now: Instant): Promise<FetchedKeys> {
    const underWay = this.#underWay.get(address) ?? this.#renewed(address, now);
    this.#underWay.set(address, underWay);
    return underWay.finally(() => this.#underWay.delete(address));
  }

  /** The keys that are published now; if the address fails, those known before for a while, and then none. */
  async #renewed(address: string, now: Instant): Promise<FetchedKeys> {
    const renewed = await this.#fetchFrom(address, now).catch(() => this.#standIn(address, now));
    this.#fetched.set(address, renewed);
    return renewed;
  }

  #standIn(address: string, now: Instant): FetchedKeys {
    const known = this.#fetched.get(address);
    const keys = known && known.keptUntil > now ? known.keys : [];
    // Keys that were asked for early stay as fresh as they were.
    const until = latest(known?.freshUntil ?? now, plus(now, seconds(leftAlone)));
    return { keys, askedAt: now, isStandIn: true, freshUntil: until, keptUntil: known?.keptUntil ?? now };
  }

  async #fetchFrom(address: string, now: Instant): Promise<FetchedKeys> {
    const response = await this.#fetch(address, { headers: { accept: 'application/json' } });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new UnreadableKeySet(`the key set was answered with ${response.status}`);
    }
    const set: unknown = JSON.parse(await limitedText(response, maxKeySetBytes));
    if (!isObject(set) || !Array.isArray(set['keys'])) throw new UnreadableKeySet('the key set has no keys');
    const until = freshUntil(response.headers, now, fresh);
    const kept = { freshUntil: until, keptUntil: plus(until, seconds(standInKept)) };
    return { keys: readKeys(set['keys']), askedAt: now, isStandIn: false, ...kept };
  }
}

/** Whether a signature names a key that is not among those of a set, and the address of the set may be asked for it. */
const mayBeNew = ({ header: { kid } }: Jws, { keys, askedAt }: FetchedKeys, now: Instant): boolean =>
  typeof kid === 'string' &&
  now >= plus(askedAt, seconds(leftAlone)) &&
  keys.every(({ jwk }) => jwk['kid'] !== kid);

const readKeys = (jwks: readonly unknown[]): readonly ClientKey[] =>
  jwks.flatMap((jwk) => {
    // A private key that is published is lost.
    const key = isObject(jwk) && !('d' in jwk) && jwk['kty'] !== 'oct' ? keyOf(jwk) : undefined;
    return key ? [{ jwk: jwk as JsonWebKey & Members, key }] : [];
  });

/** RFC 7517 §4: a key may say which algorithm, which use and which operations it is for; a signature may name its key. */
const isSignedByOne = (keys: readonly ClientKey[], jws: Jws): boolean => {
  const { alg, kid } = jws.header;
  return keys.some(
    ({ jwk, key }) =>
      isKeyFor(String(alg), jwk) &&
      (typeof kid !== 'string' || jwk['kid'] === kid) &&
      (typeof jwk['alg'] !== 'string' || jwk['alg'] === alg) &&
      (typeof jwk['use'] !== 'string' || jwk['use'] === 'sig') &&
      (!Array.isArray(jwk['key_ops']) || jwk['key_ops'].includes('verify')) &&
      isSignedBy(key, String(alg), jws),
  );
};
