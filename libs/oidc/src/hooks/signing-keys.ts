import type { KeyObject } from 'node:crypto';
import type { KeySet, SigningKey } from '@curfew/tokens';
import { type Configuration, ExternalSigningKey } from 'oidc-provider';

/** A signing key of ours in the form that oidc-provider takes for keys held elsewhere. */
class HeldElsewhere extends ExternalSigningKey {
  constructor(private readonly key: SigningKey) {
    super();
  }

  override get kid(): string {
    return this.key.kid;
  }

  override get alg(): SigningKey['alg'] {
    return this.key.alg;
  }

  override keyObject(): KeyObject {
    return this.key.keyObject();
  }

  override sign(data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.key.sign(data);
  }
}

/** The keys that oidc-provider is constructed with: it signs with the first key of an algorithm and publishes them all. */
export function signingKeysOf({ keys }: KeySet): NonNullable<Configuration['jwks']> {
  const held = { keys: keys.map((key) => new HeldElsewhere(key)) };
  return held as never;
}
