import type { IdentityProvider } from '@curfew/accounts/identity-providers';
import { limitedBytes, type outboundFetch } from '@curfew/token-endpoint/client';
import { LRUCache } from 'lru-cache';
import * as openid from 'openid-client';
import { withUserinfo } from './upstream-profile.js';

/** An identity provider that is open for sign-ins, with its client secret. */
export interface OpenedProvider {
  readonly provider: IdentityProvider;
  readonly secret: string;
}

/** The values of one sign-in that nobody but the browser's own cookie knows. */
export interface UpstreamRequest {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
}

/** How the person is to prove there who they are. */
export interface AskedOfUpstream {
  /** The age of the proof in seconds, at most; 0 for a new one. */
  readonly maxAge: number;
  /** Context classes, in the words of the provider. */
  readonly acrValues: readonly string[];
}

/** The claims of a verified ID token. */
export type UpstreamClaims = openid.IDToken;

/** A verified sign-in at a provider. */
export interface UpstreamSignedIn {
  readonly claims: UpstreamClaims;
  /**
   * The same with what the provider tells at its userinfo endpoint, where it has one: many tell names and addresses there alone (OpenID
   * Connect Core §5.4). @see withUserinfo
   */
  profile(): Promise<UpstreamClaims>;
}

/** Seconds for which the metadata and the keys of a provider are kept; a key that is not known is looked for before. */
const keptFor = 600;
const maxKept = 100;
/** The largest answer of a provider that is read. */
const maxBytes = 256 * 1024;

type Fetch = ReturnType<typeof outboundFetch>;

/**
 * The protocol between this service, as a client, and other identity providers: authorization code with PKCE, `iss` in the response where
 * the provider says it sends it (RFC 9207), and an ID token whose signature is checked.
 */
export class UpstreamClient {
  readonly #kept = new LRUCache<string, openid.Configuration>({ max: maxKept, ttl: keptFor * 1000 });
  readonly #fetch: openid.CustomFetch;

  constructor(
    fetch: Fetch,
    /** The address to which a provider sends people back. */
    private readonly returnTo: (id: string) => string,
  ) {
    this.#fetch = bounded(fetch);
  }

  /** The address to which a browser is sent. */
  async begin(
    opened: OpenedProvider,
    { state, nonce, verifier }: UpstreamRequest,
    { maxAge, acrValues }: AskedOfUpstream,
  ): Promise<URL> {
    const configuration = await this.#configurationOf(opened);
    const { id, scopes } = opened.provider;
    return openid.buildAuthorizationUrl(configuration, {
      redirect_uri: this.returnTo(id),
      scope: [...new Set(['openid', ...scopes])].join(' '),
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      max_age: String(maxAge),
      // A provider may know no `max_age`, and one that does may take a proof of the same second for none (OpenID Connect Core §3.1.2.1).
      ...(maxAge === 0 ? { prompt: 'login' } : {}),
      ...(acrValues.length > 0 ? { acr_values: acrValues.join(' ') } : {}),
    });
  }

  /**
   * Redeems the code of a response, and answers with what the provider says of the person, by the issuer that the operator wrote (OpenID
   * Connect Core §3.1.3.7). Throws where anything does not fit.
   */
  async finish(
    opened: OpenedProvider,
    query: string,
    { state, nonce, verifier }: UpstreamRequest,
    /** Seconds since the person proved there who they are, at most. */
    maxAge: number,
  ): Promise<UpstreamSignedIn> {
    const configuration = await this.#configurationOf(opened);
    const url = new URL(`${this.returnTo(opened.provider.id)}?${query}`);
    const tokens = await openid.authorizationCodeGrant(configuration, url, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
      idTokenExpected: true,
      maxAge,
    });
    const claims = tokens.claims()!;
    if (claims.iss !== opened.provider.issuer) throw new ProviderFault(issuerDiffers);
    const profile = async (): Promise<UpstreamClaims> => {
      if (configuration.serverMetadata().userinfo_endpoint === undefined) return claims;
      // The library compares the subjects (§5.3.2).
      const told = await openid
        .fetchUserInfo(configuration, tokens.access_token, claims.sub)
        .catch(noUserinfo);
      return withUserinfo(claims, told);
    };
    return { claims, profile };
  }

  /** Whether the metadata of a provider are kept, so that nothing is fetched for it. */
  knows({ provider }: OpenedProvider): boolean {
    return this.#kept.has(rowOf(provider));
  }

  /** The address at which a provider publishes its keys. */
  async keysOf(opened: OpenedProvider): Promise<string | undefined> {
    return (await this.#configurationOf(opened)).serverMetadata().jwks_uri;
  }

  async #configurationOf({ provider, secret }: OpenedProvider): Promise<openid.Configuration> {
    const name = rowOf(provider);
    const kept = this.#kept.get(name);
    if (kept) return kept;
    const issuer = new URL(provider.issuer);
    const configuration = await openid.discovery(
      issuer,
      provider.clientId,
      undefined,
      authenticatingWith(secret),
      {
        [openid.customFetch]: this.#fetch,
        // Addresses without https are taken in development alone, where the settings of a provider are checked.
        execute: [
          openid.enableNonRepudiationChecks,
          ...(issuer.protocol === 'http:' ? [openid.allowInsecureRequests] : []),
        ],
      },
    );
    const { issuer: stated, token_endpoint_auth_methods_supported: methods } = configuration.serverMetadata();
    // The library compares nothing where the address names the document itself, and less for some providers (Discovery §4.3).
    if (stated !== provider.issuer) throw new ProviderFault(issuerDiffers);
    if (methods && !secretMethods.some((method) => methods.includes(method)))
      throw new ProviderFault('OAUTH_UNSUPPORTED_OPERATION');
    this.#kept.set(name, configuration);
    return configuration;
  }
}

/**
 * The row that a configuration was made from. A provider that was deleted and made again under its id begins at version 1 again, so that id
 * and version alone do not tell one from the other.
 */
const rowOf = ({ id, issuer, clientId, version, updatedAt }: IdentityProvider): string =>
  JSON.stringify([id, issuer, clientId, version, updatedAt]);

/** The code of the library for metadata that state another issuer. */
const issuerDiffers = 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED';

/** The ways in which a secret may be sent. */
const secretMethods = ['client_secret_basic', 'client_secret_post'];

/** An endpoint that does not answer looks as a database that is away does; the two are told apart here. */
function noUserinfo(error: unknown): never {
  const { code } = error as { code?: unknown };
  throw new ProviderFault(/^OAUTH_/.test(String(code)) ? String(code) : 'OAUTH_INVALID_RESPONSE');
}

/** A provider that must not be used as it is; by the codes that the library has. */
class ProviderFault extends Error {
  override readonly name = 'ProviderFault';

  constructor(readonly code: string) {
    super(code);
  }
}

/** By the method that RFC 6749 §2.3.1 has every server support, unless the provider names the other one alone. */
function authenticatingWith(secret: string): openid.ClientAuth {
  const [basic, post] = [openid.ClientSecretBasic(secret), openid.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported;
    const isBasic = methods === undefined || methods.includes('client_secret_basic');
    return (isBasic ? basic : post)(server, ...rest);
  };
}

/** Answers of a provider are read up to a size. */
const bounded =
  (fetch: Fetch): openid.CustomFetch =>
  async (url, { method, headers, body, signal }) => {
    const response = await fetch(url, {
      method,
      headers,
      // A request for userinfo has the body null, which is none.
      ...(body === undefined || body === null ? {} : { body: String(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const read = new Uint8Array(await limitedBytes(response, maxBytes));
    const isEmpty = [204, 205, 304].includes(response.status);
    return new Response(isEmpty ? null : read, { status: response.status, headers: response.headers });
  };
