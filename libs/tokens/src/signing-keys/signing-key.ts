import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';

/** The signature algorithms keys are made for (RFC 7518 §3.1, RFC 8037 §3.1). */
export const signingAlgorithms = ['ES256', 'EdDSA', 'RS256'] as const;

/** One of the signature algorithms keys are made for. */
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** The public half of a signing key as it stands in the published key set (RFC 7517). */
export type PublicJwk = JsonWebKey & {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly use: 'sig';
};

/** The members a thumbprint is computed from, in lexicographic order (RFC 7638 §3.2). */
const thumbprintMembers: Record<SigningAlgorithm, readonly string[]> = {
  ES256: ['crv', 'kty', 'x', 'y'],
  EdDSA: ['crv', 'kty', 'x'],
  RS256: ['e', 'kty', 'n'],
};

/** A key that signs ID tokens and JWT access tokens. `crypto.sign` costs a fifth of the CPU of WebCrypto. */
export class SigningKey {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly publicJwk: PublicJwk;

  constructor(privateKey: KeyObject, algorithm: SigningAlgorithm) {
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    const jwk = this.#publicKey.export({ format: 'jwk' });
    this.publicJwk = { ...jwk, kid: thumbprint(jwk, algorithm), alg: algorithm, use: 'sig' };
  }

  /** Makes a new key. */
  static async generate(algorithm: SigningAlgorithm): Promise<SigningKey> {
    const { privateKey } = await keyPair(algorithm);
    return new SigningKey(privateKey, algorithm);
  }

  /** Reads a private key that `exportPrivate` wrote. */
  static fromPrivate(pkcs8: Uint8Array, algorithm: SigningAlgorithm): SigningKey {
    const key = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
    return new SigningKey(key, algorithm);
  }

  get kid(): string {
    return this.publicJwk.kid;
  }

  get alg(): SigningAlgorithm {
    return this.publicJwk.alg;
  }

  /** The public key, for verification. */
  keyObject(): KeyObject {
    return this.#publicKey;
  }

  /** The signature in the form JWS wants. RSA is slow enough to be worth a thread; the others are done sooner than a thread wakes. */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array> {
    switch (this.alg) {
      case 'ES256':
        return sign('sha256', data, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
      case 'EdDSA':
        return sign(null, data, this.#privateKey);
      case 'RS256':
        return signInThread('sha256', data, this.#privateKey);
    }
  }

  /** The private key in PKCS #8, for sealing; never to be stored or shown as it is. */
  exportPrivate(): Buffer {
    return this.#privateKey.export({ format: 'der', type: 'pkcs8' });
  }
}

const signInThread = promisify(sign) as (digest: string, data: Uint8Array, key: KeyObject) => Promise<Buffer>;

const generate = promisify(generateKeyPair);

function keyPair(algorithm: SigningAlgorithm): Promise<{ privateKey: KeyObject }> {
  switch (algorithm) {
    case 'ES256':
      return generate('ec', { namedCurve: 'P-256' });
    case 'EdDSA':
      return generate('ed25519');
    case 'RS256':
      // RFC 7518 §3.3: 2048 bits or more.
      return generate('rsa', { modulusLength: 2048 });
  }
}

function thumbprint(jwk: JsonWebKey, algorithm: SigningAlgorithm): string {
  const members = Object.fromEntries(thumbprintMembers[algorithm].map((name) => [name, jwk[name]]));
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}
