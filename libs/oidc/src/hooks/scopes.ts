import type { ClientDirectory } from '@curfew/token-endpoint/client';
import { defaultScopes } from '@curfew/token-endpoint/client';
import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';
import { nameApis } from './named-apis.js';

/**
 * RFC 6749 §3.3: a request that names no scope gets the default scope of its client, else that of the APIs it is for.
 * `offline_access` needs consent that is asked for (OpenID Connect Core §11), as where a request names it.
 */
export async function assumeDefaultScope(ctx: KoaContextWithOIDC, clients: ClientDirectory): Promise<void> {
  const { params, client, prompts, route } = ctx.oidc;
  if (!params || !client || params['scope'] !== undefined) return;
  const registered = await clients.find(client.clientId);
  if (!registered) return;
  const audiences = [params['resource'] ?? []].flat() as string[];
  const apis = await Promise.all(audiences.map((audience) => clients.resource(audience)));
  const mayStay = route === 'device_authorization' || prompts.has('consent');
  const scopes = defaultScopes(registered, apis).filter((scope) => scope !== 'offline_access' || mayStay);
  if (scopes.length > 0) params['scope'] = scopes.join(' ');
}

/**
 * A request without a scope that could be granted is `invalid_scope`. The library would find out only after the person has signed
 * in, and call it their refusal. It asks this for every authorization, pushed and device authorization request, once it knows the
 * APIs that are asked for.
 */
function refuseNothing(ctx: KoaContextWithOIDC): void {
  const { requestParamOIDCScopes, requestParamScopes, resourceServers } = ctx.oidc;
  if (requestParamOIDCScopes.size > 0) return;
  const known = Object.values(resourceServers ?? {}).flatMap(({ scope }) => scope.split(' '));
  if (known.some((scope) => requestParamScopes.has(scope))) return;
  throw new errors.InvalidScope('the request asks for no scope that can be granted', undefined as never);
}

/** The library validates no parameter of its own by a hook, but takes a validator for one that is declared to be extra. It is asked once the APIs are known. */
export const scopeValidation = (clients: ClientDirectory): NonNullable<Configuration['extraParams']> => ({
  scope: async (ctx) => {
    nameApis(ctx);
    await assumeDefaultScope(ctx, clients);
    refuseNothing(ctx);
  },
});
