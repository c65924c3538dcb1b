import type { KnownClient, KnownResource } from '@curfew/clients';
import { normalResource } from '@curfew/clients/resource-indicator';
import { claimsOfScope } from './account-claims.js';
import type { ClientDirectory } from './client/client-directory.js';
import { openidScopes, registeredScopes, scopesAt } from './client/client-scopes.js';
import { type Granted, grantedOpenidScope, grantedScopeOf } from './grant.js';
import { invalidTarget } from './refused.js';

/** The audience and the scope values of an access token. */
export interface Access {
  readonly scope: string;
  /** The API it is for; without one it is for the userinfo endpoint. */
  readonly resource: KnownResource | undefined;
}

/** The part of an authorization that decides the audience and the scope values of an access token. */
export interface Authorized {
  readonly client: KnownClient;
  readonly grant: Granted;
  readonly resource: string | readonly string[] | undefined;
}

/** The access that a token gets of what was authorized, for these scope values (RFC 6749 §6, RFC 8707 §2.2). @throws Refused */
export async function accessFor(
  asked: string | readonly string[] | undefined,
  scopes: readonly string[],
  { client, grant, resource: authorized }: Authorized,
  clients: ClientDirectory,
): Promise<Access> {
  const wanted = new Set(scopes);
  const audience = oneAudience(asked, authorized);
  if (audience === undefined)
    return { scope: within(grantedOpenidScope(grant), wanted).join(' '), resource: undefined };
  const resource = await apiFor(audience, client, clients);
  const known = new Set(within(scopesAt(resource, client), wanted));
  return { scope: within(grantedScopeOf(audience, grant), known).join(' '), resource };
}

/** RFC 8707 §2: the API, for a client that may ask for it. @throws Refused */
export async function apiFor(
  indicator: string,
  { metadata }: KnownClient,
  clients: ClientDirectory,
): Promise<KnownResource> {
  const resource = await clients.resource(indicator);
  if (!resource || !metadata.resources.includes(resource.audience)) throw invalidTarget();
  return resource;
}

/** RFC 8707 §2.2: a request need not repeat the API that was authorized; if there are several, it chooses one. */
function oneAudience(
  asked: string | readonly string[] | undefined,
  authorized: string | readonly string[] | undefined,
): string | undefined {
  const known = authorized === undefined ? [] : [authorized].flat();
  const wanted = asked === undefined || asked === '' ? known : [asked].flat();
  if (wanted.length > 1)
    throw invalidTarget(
      'only a single resource indicator value must be requested/resolved during Access Token Request',
    );
  const [indicator] = wanted;
  if (indicator === undefined || known.includes(indicator)) return indicator;
  const normal = normalResource(indicator);
  const audience = known.find((one) => normalResource(one) === normal);
  if (audience === undefined) throw invalidTarget();
  return audience;
}

/** Values of `scope`, or names of claims, that are in `allowed`, in their order. */
export const within = (scope: readonly string[], allowed: ReadonlySet<string>): string[] =>
  scope.filter((one) => allowed.has(one));

/**
 * The OpenID Connect scope values and claims that were allowed to a client and that its registration still permits. A claim that is asked
 * for by itself belongs to a scope value all the same.
 */
export function registeredGrant(grant: Granted, client: KnownClient): Granted {
  const { openid, resources, rejected } = grant;
  if (openid === undefined || (client.metadata.scope === undefined && !holdsGroups(openid))) return grant;
  const scope = openid.scope && registeredScopes(client, openid.scope.split(' ')).join(' ');
  return {
    openid: { scope, claims: openid.claims && within(openid.claims, claimsFor(client)) },
    resources,
    rejected,
  };
}

const holdsGroups = ({ scope, claims }: NonNullable<Granted['openid']>): boolean =>
  claims?.includes('groups') || (scope?.includes('groups') && scope.split(' ').includes('groups')) || false;

const claimsFor = (client: KnownClient): ReadonlySet<string> =>
  new Set(registeredScopes(client, [...openidScopes]).flatMap(claimsOfScope));
