import type { KnownClient } from '@curfew/clients';
import { openidScopes, registeredScopes } from '@curfew/token-endpoint/client';
import type { Adapter } from 'oidc-provider';
import { begunScope } from '../request-scope.js';
import { AccessTokenAdapter } from './access-token-adapter.js';
import { CodeAdapter, InteractionAdapter, PushedRequestAdapter } from './artifact-adapters.js';
import { BrowserSessionAdapter } from './browser-session-adapter.js';
import { GrantAdapter } from './grant-adapter.js';
import { type AdapterParts, PartialAdapter } from './partial-adapter.js';

/** One adapter per model of oidc-provider; every model that exists is named, so that a new one is not stored by accident. */
export function adapterFor(parts: AdapterParts): (model: string) => Adapter {
  const makers: Record<string, () => Adapter> = {
    RefreshToken: () => new UnusedAdapter(),
    AccessToken: () => new AccessTokenAdapter(parts),
    ClientCredentials: () => new UnusedAdapter(),
    Grant: () => new GrantAdapter(parts),
    Session: () => new BrowserSessionAdapter(parts),
    AuthorizationCode: () => new CodeAdapter('AuthorizationCode', parts),
    DeviceCode: () => new CodeAdapter('DeviceCode', parts),
    PushedAuthorizationRequest: () => new PushedRequestAdapter('PushedAuthorizationRequest', parts),
    Interaction: () => new InteractionAdapter('Interaction', parts),
    ReplayDetection: () => new UnusedAdapter(),
    Client: () => new ClientAdapter(parts),
  };
  return (model) => {
    const make = makers[model];
    if (!make) throw new TypeError(`nothing is stored for the model ${model}`);
    return make();
  };
}

/** Models whose things only our own token endpoint makes and reads (token-endpoint/). */
class UnusedAdapter extends PartialAdapter {}

class ClientAdapter extends PartialAdapter {
  constructor(private readonly parts: AdapterParts) {
    super();
  }

  override async find(id: string): Promise<Record<string, unknown> | undefined> {
    const { clients } = this.parts;
    // An interaction that began goes on with the client that it began with, also where its document is fresh no more by now.
    const goesOn = begunScope()?.goesOnFor === id;
    const client = await (goesOn ? clients.find(id) : clients.findToAsk(id));
    if (!client) return undefined;
    // Without the header nothing could be bound: better no client at all than tokens that anybody can use.
    if (client.metadata.tls_client_certificate_bound_access_tokens && !this.parts.certificateHeader)
      return undefined;
    return { ...metadataFor(client) };
  }
}

/**
 * Client metadata as oidc-provider reads it: unknown members would be refused, and unset ones must be absent. To the library every client
 * is public, because our own checks have authenticated it where it must (hooks/client-endpoints).
 */
function metadataFor({ id, metadata }: KnownClient): Record<string, unknown> {
  const {
    resources: _,
    default_scope: __,
    jwks: ___,
    jwks_uri: ____,
    token_endpoint_auth_signing_alg: _____,
    token_exchange: ______,
    scope: _______,
    ...known
  } = metadata;
  // The library checks only its own scopes against this list; scopes of APIs are checked by their resource.
  const own = registeredScopes({ metadata }, [...openidScopes]).join(' ');
  return {
    ...known,
    client_id: id,
    token_endpoint_auth_method: 'none',
    scope: own,
  };
}
