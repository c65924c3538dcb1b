import type { JsonWebKey, KeyObject } from 'node:crypto';
import { isKeyFor, keyOf } from '../jws.js';
import { type Steady, steadyNow } from '../server-clock.js';

/** Milliseconds the key set is used without reading it again. */
const freshForMs = 600_000;
/** Milliseconds between two readings, however many unknown keys are named: nobody makes us flood the server. */
const pauseMs = 5_000;
const maxKeys = 100;

interface KnownKey {
  readonly alg: string;
  readonly key: KeyObject;
}

/** The authorization server's public keys (RFC 7517), read when they are first needed and when an unknown one is named. */
export class RemoteKeySet {
  #keys = new Map<string, KnownKey>();
  #readAt: Steady | undefined;
  #triedAt: Steady | undefined;
  #reading: Promise<void> | undefined;

  constructor(private readonly read: () => Promise<unknown>) {}

  /** The key with this id for this algorithm, or undefined. Rejects when the keys were never read and cannot be. */
  async find(kid: unknown, alg: unknown): Promise<KeyObject | undefined> {
    if (typeof kid !== 'string' || typeof alg !== 'string') return undefined;
    const known = this.#keys.get(kid);
    if (!known || this.#age() > freshForMs) await this.#refresh(known !== undefined);
    const found = this.#keys.get(kid);
    return found?.alg === alg ? found.key : undefined;
  }

  #age(): number {
    return this.#readAt === undefined ? Number.POSITIVE_INFINITY : steadyNow() - this.#readAt;
  }

  async #refresh(optional: boolean): Promise<void> {
    const at = steadyNow();
    if (this.#readAt !== undefined && this.#triedAt !== undefined && at - this.#triedAt < pauseMs) return;
    this.#triedAt = at;
    this.#reading ??= this.#load().finally(() => {
      this.#reading = undefined;
    });
    // A key that was good is not worse because its server cannot be reached.
    await (optional ? this.#reading.catch(() => {}) : this.#reading);
  }

  async #load(): Promise<void> {
    const { keys } = (await this.read()) as {
      keys?: readonly (JsonWebKey & { kid?: string; alg?: string })[];
    };
    const found = (Array.isArray(keys) ? keys.slice(0, maxKeys) : []).flatMap((jwk) => {
      const key = jwk.alg && isKeyFor(jwk.alg, jwk) ? keyOf(jwk) : undefined;
      return key && jwk.kid && jwk.alg && (jwk['use'] ?? 'sig') === 'sig'
        ? [[jwk.kid, { alg: jwk.alg, key }] as const]
        : [];
    });
    this.#keys = new Map(found);
    this.#readAt = steadyNow();
  }
}
