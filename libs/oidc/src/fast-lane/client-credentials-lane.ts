import { isSenderConstrained } from '@curfew/clients';
import { seconds } from '@curfew/session-policy';
import { defaultScopes, openidScopes, scopesAt } from '../client-scopes.js';
import { scopesOf } from '../session-payload.js';
import { sealAccessToken, within } from './access-token.js';
import { answerJson, tokenHeaders } from './answer.js';
import type { Lane } from './lane.js';

/** RFC 6749 §4.4: a client's own token, for one API or none. Asks memory only; nothing is written. */
export const clientCredentialsLane: Lane = async (
  { form, client, now, response },
  { clients, sessions, accessTokens },
) => {
  const { metadata } = client;
  if (metadata.token_endpoint_auth_method === 'none' || isSenderConstrained(client)) return false;
  if (!metadata.grant_types.includes('client_credentials')) return false;
  const named = scopesOf(form['scope']);
  // Scopes of OpenID Connect have rules of their own here; so has a scope with odd characters.
  if (named.some((scope) => openidScopes.has(scope) || !/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)))
    return false;
  if (form['scope'] !== undefined && named.join(' ') !== form['scope']) return false;
  const only = metadata.resources.length === 1 ? metadata.resources[0] : undefined;
  const audience = form['resource'] ?? only;
  const resource = audience === undefined ? undefined : await clients.resource(audience);
  if (
    audience !== undefined &&
    (!resource || !metadata.resources.includes(audience) || resource.tokenFormat !== 'opaque')
  )
    return false;
  // Scopes that belong to no API are looked into over there.
  if (!resource && named.length > 0) return false;
  const asked = form['scope'] === undefined && resource ? defaultScopes(client, [resource]) : named;
  const policy = await sessions.policyFor(client.id, resource ? [resource.audience] : []);
  const allowed = new Set(resource && scopesAt(resource, client));
  const scope = within([...new Set(asked)], allowed).join(' ') || undefined;
  // RFC 6749 §3.3: who asked for something and would get nothing of it is told so, over there.
  if (named.length > 0 && scope === undefined) return false;
  const spread = (policy.accessTokenLifetime * policy.accessTokenJitterPercent * Math.random()) / 100;
  const lifetime = seconds(Math.floor(policy.accessTokenLifetime - spread));
  const claims = {
    kind: 'ClientCredentials',
    clientId: client.id,
    aud: resource?.audience,
    scope,
    issuedAtMs: now,
  };
  const token = sealAccessToken(accessTokens, claims, lifetime, now);
  answerJson(
    response,
    200,
    { access_token: token, expires_in: lifetime, scope, token_type: 'Bearer' },
    tokenHeaders,
  );
  return true;
};
