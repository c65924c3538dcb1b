import { noteRefusal } from '@curfew/web';
import { tooMany } from '../hooks/caller-throttles.js';
import { introspectAccessToken } from '../introspection/introspect-access-token.js';
import { answerJson, introspectionHeaders } from './answer.js';
import type { Lane } from './lane.js';

/** RFC 7662 for access tokens; refresh tokens and what is none of ours are the library's. */
export const introspectionLane: Lane = async ({ form, client, now, signals, response }, parts) => {
  const token = form['token'];
  if (
    token === undefined ||
    !(token.startsWith('cfw_at_') || parts.jwts.open(token)) ||
    client.metadata.token_endpoint_auth_method === 'none'
  )
    return false;
  const wait = parts.introspections.take(client.id, now);
  if (wait !== null) {
    noteRefusal(response, { error: tooMany.asked.error, cause: 'too_many_requests', clientId: client.id });
    answerJson(response, 429, tooMany.asked, introspectionHeaders, { 'Retry-After': String(wait) });
    return true;
  }
  const question = { token, caller: client, touch: form['touch'] !== 'false', ip: signals.ip };
  answerJson(response, 200, await introspectAccessToken(question, parts, now), introspectionHeaders);
  return true;
};
