import { CurfewError } from './curfew-error.js';
import { proofOf } from './proof.js';

/** An answer of one of the endpoints. */
export interface ServerAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface ServerMetadata {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly introspection_endpoint: string;
  readonly revocation_endpoint: string;
  readonly end_session_endpoint: string;
}

type Endpoint = 'token_endpoint' | 'introspection_endpoint' | 'revocation_endpoint';

/** An answer that takes longer is given up. */
const answerMs = 15_000;

const unavailable = () =>
  new CurfewError('unavailable', 'the authorization server could not be asked; try again');

/** The authorization server as this page asks it, without cookies: its metadata, its endpoints, and the nonce it gave last. */
export class AuthorizationServer {
  #metadata: Promise<ServerMetadata> | undefined;
  #nonce: string | undefined;

  constructor(private readonly issuer: string) {}

  /** OpenID Connect Discovery §4.3: the issuer that the metadata name must be the one that was asked. @throws CurfewError */
  metadata(): Promise<ServerMetadata> {
    this.#metadata ??= this.#read().catch((error: unknown) => {
      this.#metadata = undefined;
      throw error;
    });
    return this.#metadata;
  }

  /** Posts a form, with a proof where a key is given; once more where the server asks for its nonce (RFC 9449 §8). @throws CurfewError */
  async post(
    endpoint: Endpoint,
    form: Readonly<Record<string, string>>,
    key?: CryptoKeyPair,
  ): Promise<ServerAnswer> {
    const { [endpoint]: url } = await this.metadata();
    const answer = await this.#once(url, form, key);
    const isForNonce = answer.body['error'] === 'use_dpop_nonce';
    const final = isForNonce ? await this.#once(url, form, key) : answer;
    if (final.status >= 500 || final.status === 429) throw unavailable();
    return final;
  }

  async #read(): Promise<ServerMetadata> {
    const response = await this.#send(`${this.issuer}/.well-known/openid-configuration`, {});
    if (!response.ok) throw unavailable();
    const metadata = await response.json().catch(() => ({}));
    if (metadata.issuer === this.issuer) return metadata;
    throw new CurfewError('unexpected_answer', `${this.issuer} has metadata of another issuer`);
  }

  async #once(
    url: string,
    form: Readonly<Record<string, string>>,
    key: CryptoKeyPair | undefined,
  ): Promise<ServerAnswer> {
    const headers: Record<string, string> = {};
    if (key) headers['DPoP'] = await proofOf(key, { method: 'POST', url, nonce: this.#nonce });
    const response = await this.#send(url, { method: 'POST', headers, body: new URLSearchParams(form) });
    this.#nonce = response.headers.get('DPoP-Nonce') ?? this.#nonce;
    const body = await response.json().catch(() => ({}));
    return { status: response.status, body };
  }

  #send(url: string, init: RequestInit): Promise<Response> {
    const signal = AbortSignal.timeout(answerMs);
    const bare = { credentials: 'omit', cache: 'no-store', redirect: 'error', signal } as const;
    return fetch(url, { ...bare, referrerPolicy: 'no-referrer', ...init }).catch(() => {
      throw unavailable();
    });
  }
}
