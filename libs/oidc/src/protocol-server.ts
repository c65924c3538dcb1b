import type { IncomingMessage, RequestListener } from 'node:http';
import type { Provider } from 'oidc-provider';
import { createProvider } from './create-provider.js';
import type { KeySet } from './keys/index.js';
import type { ProtocolParts } from './protocol-parts.js';
import { type RequestScope, withScope } from './request-scope.js';

/** Makes the scope of a request that does not come through oidc-provider's own routes. */
export type ScopeMaker = (request: IncomingMessage) => RequestScope;

/** Runs work that uses oidc-provider's models in a scope of its own. */
export const inScope = <T>(scope: RequestScope, work: () => Promise<T>): Promise<T> => withScope(scope, work);

/** The running protocol: one oidc-provider at a time, replaced whole when the signing keys change. */
export class ProtocolServer {
  #provider: Provider;
  #handle: RequestListener;

  constructor(
    private readonly parts: ProtocolParts,
    keys: KeySet,
  ) {
    this.#provider = createProvider(parts, keys);
    this.#handle = this.#provider.callback();
  }

  /** The oidc-provider in force. */
  get provider(): Provider {
    return this.#provider;
  }

  /** Answers a request to one of the protocol's paths. */
  readonly handle: RequestListener = (request, response) => this.#handle(request, response);

  /** Uses these keys from the next request on; requests under way finish with the old ones. */
  useKeys(keys: KeySet): void {
    const provider = createProvider(this.parts, keys);
    this.#handle = provider.callback();
    this.#provider = provider;
  }

  /** The scope of a request to one of our own pages. */
  readonly scopeOf: ScopeMaker = (request) => ({
    now: this.parts.clock.now(),
    signals: this.parts.signals.read({
      socketAddress: request.socket.remoteAddress,
      headers: request.headers,
    }),
  });
}
