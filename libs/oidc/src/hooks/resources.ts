import type { ClientDirectory } from '@curfew/token-endpoint/client';
import { scopesAt } from '@curfew/token-endpoint/client';
import { type Client, errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider';
import { assumeDefaultScope } from './scopes.js';

/** The API behind a resource indicator (RFC 8707), for a client that may ask for it; `invalid_target` otherwise. */
export const resourceServerFor =
  (clients: ClientDirectory) =>
  async (_ctx: KoaContextWithOIDC, indicator: string, client: Client): Promise<ResourceServer> => {
    const [resource, registered] = await Promise.all([
      clients.resource(indicator),
      clients.find(client.clientId),
    ]);
    if (!resource || !registered?.metadata.resources.includes(resource.audience))
      throw new errors.InvalidTarget();
    return {
      scope: scopesAt(resource, registered).join(' '),
      audience: resource.audience,
      accessTokenFormat: resource.tokenFormat,
      ...(resource.tokenFormat === 'jwt'
        ? { jwt: { sign: { alg: (resource.signingAlg ?? 'ES256') as 'ES256' } } }
        : {}),
    };
  };

/**
 * The API of a request that names no resource: none for OpenID Connect (such a token is for userinfo), else the one API that the client is
 * registered for, if there is only one. If several were granted, the request must choose.
 */
export const defaultResource =
  (clients: ClientDirectory) =>
  async (
    ctx: KoaContextWithOIDC,
    client: Client,
    oneOf?: readonly string[],
  ): Promise<string | readonly string[] | undefined> => {
    if (oneOf) return oneOf.length === 1 ? oneOf[0] : oneOf;
    // A request that names no scope is for what a request that names the client's default scope would be for.
    await assumeDefaultScope(ctx, clients);
    if (
      String(ctx.oidc.params?.['scope'] ?? '')
        .split(' ')
        .includes('openid')
    )
      return undefined;
    const resources = (await clients.find(client.clientId))?.metadata.resources ?? [];
    return resources.length === 1 ? resources[0] : undefined;
  };
