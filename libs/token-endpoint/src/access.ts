/*
 * The authorization of a sign-in, and how much of it a token gets: by the consent of the person, the registration of the client as it is now,
 * and the API that is asked for.
 */
import type { KnownClient, KnownResource } from '@curfew/clients';
import { normalResource } from '@curfew/clients/resource-indicator';
import { claimsOfScope } from './account-claims.js';
import type { ClientDirectory } from './client/client-authentication.js';
import type { Origin } from './origin.js';
import { invalidTarget } from './refused.js';

/** The authorization of a sign-in, as stored in the session's row: the tokens' common claims and the grant. */
export interface Authorization {
  readonly scope?: string | undefined;
  readonly resource?: string | readonly string[] | undefined;
  readonly claims?: unknown;
  readonly nonce?: string | undefined;
  readonly amr?: readonly string[] | undefined;
  readonly authTime?: number | undefined;
  readonly gty?: string | undefined;
  readonly sid?: string | undefined;
  readonly jkt?: string | undefined;
  readonly 'x5t#S256'?: string | undefined;
  /** The browser, if another program redeemed its code. */
  readonly origin?: Origin | undefined;
  /** The grant of oidc-provider: OpenID scopes and claims, scopes by resource, what was rejected. */
  readonly grant: { readonly openid?: unknown; readonly resources?: unknown; readonly rejected?: unknown };
}

/** The members an authorization keeps of a token or a code. */
const kept = [
  'scope',
  'resource',
  'claims',
  'nonce',
  'amr',
  'authTime',
  'gty',
  'sid',
  'jkt',
  'x5t#S256',
] as const;

/** All that was authorized, as `authorizationOf` wrote it. */
export const authorizationIn = (session: { readonly authorization: unknown }): Authorization =>
  session.authorization as Authorization;

/** The part of a sign-in that is stored. */
export function authorizationOf(
  source: Readonly<Record<string, unknown>>,
  grant: Readonly<Record<string, unknown>>,
  origin: Origin | undefined,
): Readonly<Record<string, unknown>> {
  const pick = (from: Readonly<Record<string, unknown>>, names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
  const granted = pick(grant, ['openid', 'resources', 'rejected']);
  return { grant: granted, ...pick(source, kept), ...(origin && { origin }) };
}

/** The consent of a person: scope values of OpenID Connect, scope values by API, and what they left out of each. */
export interface Granted {
  readonly openid?:
    | { readonly scope?: string | undefined; readonly claims?: readonly string[] | undefined }
    | undefined;
  readonly resources?: Readonly<Record<string, string>> | undefined;
  readonly rejected?: Omit<Granted, 'rejected'> | undefined;
}

/** Scope values of a space-separated text. */
export const scopesOf = (scope: string | undefined): string[] => (scope ?? '').split(' ').filter(Boolean);

/** Claims that say how the person signed in; nobody can leave them out (OpenID Connect Core §5.5). */
const aboutTheSignIn: ReadonlySet<string> = new Set(['sub', 'sid', 'auth_time', 'acr', 'amr', 'iss']);

/** The scope values of OpenID Connect that were allowed. `openid` cannot be left out once it was allowed. */
export function grantedOpenidScope({ openid, rejected }: Granted): readonly string[] {
  const without = new Set(scopesOf(rejected?.openid?.scope));
  return scopesOf(openid?.scope).filter((scope) => scope === 'openid' || !without.has(scope));
}

/** The scope values of an API that were allowed. */
export function grantedScopeOf(audience: string, { resources, rejected }: Granted): readonly string[] {
  const ofApi = (all: Granted['resources']) =>
    scopesOf(all && Object.hasOwn(all, audience) ? all[audience] : undefined);
  const without = new Set(ofApi(rejected?.resources));
  return ofApi(resources).filter((scope) => !without.has(scope));
}

/** The claims among these that may be given. */
export function grantedClaims(names: readonly string[], { openid, rejected }: Granted): readonly string[] {
  const allowed = new Set(openid?.claims);
  const without = new Set(rejected?.openid?.claims);
  return names.filter((name) => aboutTheSignIn.has(name) || (allowed.has(name) && !without.has(name)));
}

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
