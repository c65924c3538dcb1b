import type { KnownClient, KnownResource } from '@curfew/clients';
import { type Seconds, type SessionPolicy, seconds } from '@curfew/session-policy';
import {
  apiFor,
  defaultScopes,
  openidScopes,
  registeredScopes,
  scopesAt,
  streamScopes,
  within,
} from '../access.js';
import { accessToken, tokenType } from '../access-token.js';
import type { EndpointParts } from '../parts.js';
import { requiredCertificate, requireProof } from '../proof/proof.js';
import { invalidScope, invalidTarget } from '../refused.js';
import { type Answer, type ClientRequest, parameter } from '../request.js';
import type { GrantHandler } from './grant-type.js';

/** The request of a client for itself: scope values, and an API or none. */
interface Asked {
  readonly scopes: readonly string[];
  readonly resource: KnownResource | undefined;
}

/** RFC 6749 §4.4: a client's own token. Asks memory only, and writes nothing but the record of a proof. */
export const clientCredentials: GrantHandler = {
  parameters: ['scope', 'resource'],
  repeatable: ['resource'],
  answer: async (request, parts) => {
    const { client, now } = request;
    const proof = await parts.proofs.read(request);
    const { scopes, resource } = await askedFor(request, parts);
    const scope = grantedScope(scopes, resource, client);
    const certificate = requiredCertificate(request, client, parts);
    if (proof) await parts.proofs.useUp(proof, client.id, now);
    requireProof(proof, client);
    const policy = await parts.sessions.policyFor(client.id, resource ? [resource.audience] : []);
    const lifetime = spread(policy);
    const facts = {
      kind: 'ClientCredentials' as const,
      clientId: client.id,
      resource,
      scope,
      jkt: proof?.thumbprint,
      certificate,
      lifetime,
    };
    return granted(await accessToken(facts, now, parts), lifetime, scope, tokenType(facts));
  },
};

const granted = (token: string, lifetime: Seconds, scope: string | undefined, type: string): Answer => ({
  status: 200,
  json: { access_token: token, expires_in: lifetime, scope, token_type: type },
});

async function askedFor(request: ClientRequest, { clients }: EndpointParts): Promise<Asked> {
  const { client, form } = request;
  const stated = form['resource'] || undefined;
  const audiences = stated === undefined ? [] : [stated].flat();
  const scope = parameter(request, 'scope');
  const scopes = scope?.split(' ') ?? (await ownDefaults(client, audiences, clients));
  const ofStreams = streamScopesOf(client, scopes);
  const isForHere = scopes.includes('openid') || ofStreams.length > 0;
  const only = !isForHere && client.metadata.resources.length === 1 ? client.metadata.resources : [];
  const wanted = stated === undefined ? only : audiences;
  if (wanted.length === 0) {
    const known = scopes.filter((one) => openidScopes.has(one));
    refuseUnregistered(known, client);
    const given = [...known, ...ofStreams];
    if (scope !== undefined) refuseWidened(scopes, given, client);
    return { scopes: given, resource: undefined };
  }
  const apis: KnownResource[] = [];
  for (const audience of wanted) apis.push(await apiAt(audience, client, clients));
  const asked =
    scope === undefined && stated === undefined ? await ownDefaults(client, wanted, clients) : scopes;
  refuseUnregistered(asked, client);
  if (apis.length > 1)
    throw invalidTarget('only a single resource indicator value is supported for this grant type');
  return { scopes: asked, resource: apis[0] };
}

/** A stream belongs to the client of a resource server; nobody else gets a token for one. */
const streamScopesOf = (client: KnownClient, scopes: readonly string[]): readonly string[] =>
  client.resource === null ? [] : registeredScopes(client, scopes).filter((one) => streamScopes.has(one));

/**
 * A token without the scope value of a stream is good for everything that its client may do as a resource server. A client
 * that asks for less, and cannot have that, gets none (RFC 6749 §3.3).
 */
function refuseWidened(stated: readonly string[], given: readonly string[], client: KnownClient): void {
  const lacking = stated.find((scope) => streamScopes.has(scope) && !given.includes(scope));
  if (lacking !== undefined) throw invalidScope('requested scope is not allowed', lacking);
  if (client.resource !== null && given.length === 0 && stated.some((scope) => scope !== ''))
    throw nothingGranted();
}

const nothingGranted = () => invalidScope('none of the scope values can be granted');

/** RFC 8707 §2: an API is named by an absolute URI without a fragment. */
async function apiAt(audience: string, client: KnownClient, clients: EndpointParts['clients']) {
  if (!URL.canParse(audience)) throw invalidTarget('resource indicator must be an absolute URI');
  if (new URL(audience).href.includes('#'))
    throw invalidTarget('resource indicator must not contain a fragment component');
  return apiFor(audience, client, clients);
}

/** RFC 6749 §3.3: the scope values of a request that names none. A client's own token is about no person. */
async function ownDefaults(
  client: KnownClient,
  audiences: readonly string[],
  clients: EndpointParts['clients'],
): Promise<readonly string[]> {
  const apis = await Promise.all(audiences.map((audience) => clients.resource(audience)));
  return defaultScopes(client, apis).filter((scope) => !openidScopes.has(scope));
}

/** Scope values of OpenID Connect are refused where the client is not registered for them; those of APIs are left out. */
function refuseUnregistered(scopes: readonly string[], client: KnownClient): void {
  const registered = new Set(registeredScopes(client, scopes));
  const refused = scopes.find((scope) => openidScopes.has(scope) && !registered.has(scope));
  if (refused !== undefined) throw invalidScope('requested scope is not allowed', refused);
}

/** RFC 6749 §3.3: a client that asks for scope values of which none can be granted is told so. */
function grantedScope(
  scopes: readonly string[],
  resource: KnownResource | undefined,
  client: KnownClient,
): string | undefined {
  const distinct = [...new Set(scopes)];
  const given = resource ? within(distinct, new Set(scopesAt(resource, client))) : distinct;
  const isOfApi = (scope: string) => scope !== '' && !openidScopes.has(scope);
  if (given.length === 0 && scopes.some(isOfApi)) throw nothingGranted();
  return given.join(' ') || undefined;
}

/** The lifetime under a policy, shortened at random so that tokens made together do not end together. */
const spread = ({ accessTokenLifetime, accessTokenJitterPercent }: SessionPolicy): Seconds =>
  seconds(
    Math.floor(accessTokenLifetime - (accessTokenLifetime * accessTokenJitterPercent * Math.random()) / 100),
  );
