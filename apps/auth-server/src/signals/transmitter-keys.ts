import type { Transmitter } from '@curfew/events/transmitters';
import { isObject, isVerifiable, type Jws } from '@curfew/resource-server/jws';
import type { Instant } from '@curfew/session-policy';
import { ClientKeys, freshUntil, limitedText, type outboundFetch } from '@curfew/token-endpoint/client';
import { LRUCache } from 'lru-cache';

/** The keys of a transmitter cannot be had now, so that nothing is known of its token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** The key of one token is not among those at hand, which are older than the token; other tokens may be verified by them. */
export class KeyNotYetKnown extends KeysUnavailable {}

/** Seconds for which the metadata of a transmitter is kept, whatever its headers say. */
const fresh = { least: 60, most: 3_600 };
const maxMetadataBytes = 64 * 1024;

type Fetch = ReturnType<typeof outboundFetch>;

/** The keys that transmitters sign with: at the address that the operator wrote, or that their metadata names (SSF 1.0 §7.1). */
export class TransmitterKeys {
  readonly #keys: ClientKeys;
  readonly #found: LRUCache<string, { readonly address: string; readonly until: Instant }>;

  constructor(
    private readonly fetch: Fetch,
    /** The fault of an address that this service would ask, or null. */
    private readonly addressFault: (address: string) => string | null,
    /** Transmitters whose metadata and keys are remembered. */
    max: number,
  ) {
    this.#keys = new ClientKeys(fetch, max);
    this.#found = new LRUCache({ max });
  }

  /** Whether a key of the transmitter made the signature of a token that came at `cameAt`. @throws KeysUnavailable */
  async verifies({ issuer, jwksUri }: Transmitter, jws: Jws, cameAt: Instant): Promise<boolean> {
    if (!isVerifiable(jws)) return false;
    const address = jwksUri ?? (await this.#addressOf(issuer, cameAt));
    if (await this.#keys.verifies({ metadata: { jwks_uri: address } }, jws, cameAt)) return true;
    // Refused, the token never comes again (RFC 8935 §2.4): not before its key has been looked for (OpenID Connect Core §10.1.1).
    const missing = this.#keys.missing(address, jws, cameAt);
    if (missing === 'nothing') return false;
    if (missing === 'this_key') throw new KeyNotYetKnown('a key of it is not known yet');
    throw new KeysUnavailable('its keys cannot be had');
  }

  async #addressOf(issuer: string, now: Instant): Promise<string> {
    const known = this.#found.get(issuer);
    if (known && known.until > now) return known.address;
    const found = await this.#discover(issuer, now).catch((error: unknown) => {
      if (error instanceof KeysUnavailable) throw error;
      throw new KeysUnavailable('its metadata cannot be had', { cause: error });
    });
    this.#found.set(issuer, found);
    return found.address;
  }

  async #discover(issuer: string, now: Instant) {
    const response = await this.fetch(metadataOf(issuer), { headers: { accept: 'application/json' } });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new KeysUnavailable(`its metadata was answered with ${response.status}`);
    }
    const metadata: unknown = JSON.parse(await limitedText(response, maxMetadataBytes));
    // SSF 1.0 §7.2.3: it must be the metadata of this issuer, or anybody's keys would be taken for its own.
    if (!isObject(metadata) || metadata['issuer'] !== issuer)
      throw new KeysUnavailable('its metadata is that of another issuer');
    const address = metadata['jwks_uri'];
    if (typeof address !== 'string' || this.addressFault(address) !== null)
      throw new KeysUnavailable('its metadata names no address of keys that may be asked');
    return { address, until: freshUntil(response.headers, now, fresh) };
  }
}

/** SSF 1.0 §7.2.1: before the path of the issuer, without a slash at its end. */
export function metadataOf(issuer: string): string {
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/ssf-configuration${pathname.replace(/\/$/, '')}`;
}
