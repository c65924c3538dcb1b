import type { KnownClient, KnownResource } from '@curfew/clients';

type Registered = Pick<KnownClient, 'metadata'>;

/**
 * The scope values among these that the client may ask for by its registration as it is now (RFC 7591 §2). A scope value that was taken
 * from a client is gone from its next access token, whatever people once allowed it.
 */
export function registeredScopes({ metadata }: Registered, scopes: readonly string[]): readonly string[] {
  // The groups of people are told to clients alone that are registered for them: many an application takes them for rights.
  if (metadata.scope === undefined)
    return scopes.includes('groups') ? scopes.filter((scope) => scope !== 'groups') : scopes;
  // A client may always ask who a person is: the grant types say whether the client can ask people anything.
  const registered = new Set(['openid', ...metadata.scope.split(' ')]);
  return scopes.filter((scope) => registered.has(scope));
}

/**
 * The scope values of a request that names none: the client's default scope, else those of the APIs it is for, as far as the
 * client may ask for them (RFC 6749 §3.3).
 */
export function defaultScopes(
  client: Registered,
  apis: readonly (KnownResource | undefined)[],
): readonly string[] {
  const { default_scope } = client.metadata;
  if (default_scope !== undefined) return default_scope.split(' ');
  return registeredScopes(client, [...new Set(apis.flatMap((api) => api?.defaultScopes ?? []))]);
}

/** Scope values that a token of this client can have at an API. */
export const scopesAt = (resource: KnownResource, client: Registered): readonly string[] =>
  registeredScopes(client, resource.scopes);

/** Scope values for streams of security events, which belong to no API (CAEP interoperability profile §2.7.2). */
export const streamScopes: ReadonlySet<string> = new Set(['ssf.read', 'ssf.manage']);

/** Scope values that a client has only where somebody has looked at its registration. */
export const scopesByHand: ReadonlySet<string> = new Set(['groups', ...streamScopes]);

/** Scope values with a meaning of their own in OpenID Connect, and here; all others belong to APIs. */
export const openidScopes: ReadonlySet<string> = new Set([
  'openid',
  'offline_access',
  'email',
  'profile',
  'groups',
]);
