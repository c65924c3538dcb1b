import { type Configuration, errors, type KoaContextWithOIDC } from 'oidc-provider';

/**
 * RFC 6749 §3.3: a request that leaves the scope out, or names none that could be granted here, gets no default one; it is
 * `invalid_scope`. The library would find out only after the person has signed in, and call it their refusal. It asks
 * this for every authorization, pushed and device authorization request, once it knows the APIs that are asked for.
 */
function refuseNothing(ctx: KoaContextWithOIDC): void {
  const { requestParamOIDCScopes, requestParamScopes, resourceServers } = ctx.oidc;
  if (requestParamOIDCScopes.size > 0) return;
  const known = Object.values(resourceServers ?? {}).flatMap(({ scope }) => scope.split(' '));
  if (known.some((scope) => requestParamScopes.has(scope))) return;
  throw new errors.InvalidScope('the request asks for no scope that can be granted', undefined as never);
}

/** The library validates no parameter of its own by a hook, but takes a validator for one that is declared to be extra. */
export const scopeValidation: NonNullable<Configuration['extraParams']> = { scope: refuseNothing };
