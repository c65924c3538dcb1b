import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { StagedWrites } from '@curfew/artifacts';
import type { KnownClient } from '@curfew/clients';
import {
  type IntrospectionAnswer,
  type IntrospectionParts,
  type IntrospectionQuestion,
  introspectAccessToken,
  JwtAccessTokens,
  Proofs,
  routes,
  tokenEndpoint,
  userinfoEndpoint,
} from '@curfew/token-endpoint';
import {
  assertionAudiences,
  ClientAssertions,
  ClientKeys,
  outboundFetch,
  outboundTimeoutMs,
} from '@curfew/token-endpoint/client';
import type { KeySet } from '@curfew/tokens';
import type { Provider } from 'oidc-provider';
import { createProvider } from './create-provider.js';
import { clientEndpoints } from './hooks/client-endpoints.js';
import type { ProtocolParts } from './protocol-parts.js';
import { currentScope, requestScope, withScope } from './request-scope.js';
import { writeScope } from './write-staged.js';

/** A client with the scope values that its token has. */
export interface ClientAccess {
  readonly client: KnownClient;
  readonly scopes: readonly string[];
}

/** The running protocol: one oidc-provider at a time, replaced whole when the signing keys change. */
export class ProtocolServer {
  #provider: Provider;
  #library: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  #keys: KeySet;
  readonly #jwts: JwtAccessTokens;
  readonly #introspecting: IntrospectionParts;

  /** Answers a request to one of the protocol's paths. */
  readonly handle: RequestListener;

  constructor(
    private readonly parts: ProtocolParts,
    keys: KeySet,
  ) {
    this.#keys = keys;
    this.#provider = createProvider(parts, keys);
    this.#library = this.#provider.callback();
    this.#jwts = new JwtAccessTokens(parts.issuer, () => this.#keys);
    this.#introspecting = { ...parts, jwts: this.#jwts };
    const own = {
      ...parts,
      signingKeys: () => this.#keys,
      jwts: this.#jwts,
      proofs: proofsOf(parts),
      assertions: assertionsOf(parts),
    };
    const library: RequestListener = (request, response) => this.#library(request, response);
    this.handle = tokenEndpoint(own, clientEndpoints(library), userinfoEndpoint(own, library));
  }

  /** The oidc-provider in force. */
  get provider(): Provider {
    return this.#provider;
  }

  /** The path of the authorization endpoint on this host. */
  get authorizationPath(): string {
    return `${this.parts.basePath}${routes.authorization}`;
  }

  /** Uses these keys from the next request on; requests under way finish with the old ones. */
  useKeys(keys: KeySet): void {
    const provider = createProvider(this.parts, keys);
    this.#library = provider.callback();
    this.#provider = provider;
    this.#keys = keys;
  }

  /** The response of the introspection endpoint about an access token, for a caller that has authenticated. */
  introspect(question: IntrospectionQuestion): Promise<IntrospectionAnswer> {
    return introspectAccessToken(question, this.#introspecting, this.parts.clock.now());
  }

  /**
   * The client that a token of its own (RFC 6749 §4.4) speaks for at this service, while both stand, and the scope of the token. Tokens with an
   * audience were shown to others, and bound ones need their key; neither speaks for anybody here.
   */
  async clientOf(token: string): Promise<ClientAccess | undefined> {
    const claims = this.parts.accessTokens.open(token);
    if (claims?.['kind'] !== 'ClientCredentials' || claims['aud'] || claims['jkt'] || claims['x5t#S256'])
      return undefined;
    const caller = await this.parts.clients.find(String(claims['clientId']));
    const answer = caller && (await this.introspect({ token, caller, touch: false, from: null }));
    if (!caller || !answer?.active) return undefined;
    return { client: caller, scopes: String(claims['scope'] ?? '').split(' ') };
  }

  /**
   * Runs work that uses oidc-provider's models for a request to one of our own pages; artifacts that were read before for the same request
   * may be handed in. `commit` writes the changes of the models.
   */
  inScope<T>(request: IncomingMessage, work: () => Promise<T>, staged?: StagedWrites): Promise<T> {
    return withScope(requestScope(request, this.parts, staged), work);
  }

  /** Writes what was saved in the current scope; an answer MUST NOT leave before. @throws InteractionUsed */
  commit(): Promise<void> {
    return writeScope(currentScope(), this.parts.artifacts);
  }

  /**
   * Answers a form with what its authorization comes to, as if the browser had been sent to the library and back: all that the form and the
   * library save is one commit. False, with nothing done, where the interaction is not one of the authorization endpoint.
   */
  async resume(request: IncomingMessage, response: ServerResponse, returnTo: string): Promise<boolean> {
    const { pathname } = new URL(returnTo);
    const base = `${this.authorizationPath}/`;
    if (!pathname.startsWith(base)) return false;
    currentScope().resumes = pathname.slice(base.length);
    const { method, url, originalUrl } = request as IncomingMessage & { originalUrl?: string };
    const inside = pathname.slice(this.parts.basePath.length);
    Object.assign(request, { method: 'GET', url: inside, originalUrl: pathname });
    try {
      await this.#library(request, response);
    } finally {
      // From here on, this request has the method and the address that were asked for.
      Object.assign(request, { method, url, originalUrl });
    }
    return true;
  }
}

const proofsOf = (parts: ProtocolParts): Proofs =>
  new Proofs({
    base: new URL(parts.basePath, parts.issuer).href.replace(/\/$/, ''),
    nonceSecret: parts.keys.dpopNonce,
    artifacts: parts.artifacts,
  });

function assertionsOf(parts: ProtocolParts): ClientAssertions {
  const fetch = outboundFetch({ allowInside: parts.allowInsideAddresses, timeoutMs: outboundTimeoutMs });
  const { artifacts } = parts;
  return new ClientAssertions({
    keys: new ClientKeys(fetch),
    artifacts,
    audiences: assertionAudiences(parts),
  });
}
