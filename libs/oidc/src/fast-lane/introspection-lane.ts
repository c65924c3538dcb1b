import { deadlines, secondsUntil } from '@curfew/session-policy';
import { type FoundAccess, hashAccessToken, isUuid } from '@curfew/sessions';
import { answerJson, introspectionHeaders } from './answer.js';
import type { Lane, PlainRequest } from './lane.js';

const inactive = { active: false } as const;

interface Claims {
  readonly kind: string;
  readonly grantId?: string;
  readonly clientId: string;
  readonly aud?: string;
  readonly scope?: string;
  readonly iat: number;
  readonly exp: number;
  readonly issuedAtMs?: number;
  readonly jkt?: string;
  readonly 'x5t#S256'?: string;
}

/** RFC 7662 for opaque access tokens: exact, by one read of the session's row, or none for what was never a token of ours. */
export const introspectionLane: Lane = async (
  request,
  { accessTokens, sessions, queries, clients, issuer },
) => {
  const { form, client, now, response } = request;
  const token = form['token'];
  if (
    token === undefined ||
    !token.startsWith('cfw_at_') ||
    client.metadata.token_endpoint_auth_method === 'none'
  )
    return false;
  const answer = (body: Readonly<Record<string, unknown>>): true => {
    answerJson(response, 200, body, introspectionHeaders);
    return true;
  };
  const claims = accessTokens.open(token) as unknown as Claims | undefined;
  if (!claims || claims.exp * 1000 <= now || !mayKnow(request, claims)) return answer(inactive);
  if (claims.kind === 'ClientCredentials') {
    const stands = await queries.clientStands(
      claims.clientId,
      claims.issuedAtMs as typeof now,
      hashAccessToken(token),
    );
    return answer(
      stands && (await clients.find(claims.clientId)) ? describe(claims, undefined, issuer) : inactive,
    );
  }
  if (!claims.grantId || !isUuid(claims.grantId)) return answer(inactive);
  const access = await sessions.access(claims.grantId, hashAccessToken(token), now);
  if (access?.decision.kind !== 'active' || access.session.clientId !== claims.clientId)
    return answer(inactive);
  const session = form['touch'] === 'false' ? access.session : await sessions.used(access, now);
  return answer({ ...describe(claims, access, issuer), ...clocks({ ...access, session }, now) });
};

/** Section 4: the API the token is meant for, and the client it was issued to. */
const mayKnow = ({ client }: PlainRequest, { clientId, aud }: Claims): boolean =>
  clientId === client.id || (aud !== undefined && client.resource === aud);

/** The members of the answer in the library's order; what is undefined is left out by JSON. */
const describe = (claims: Claims, access: FoundAccess | undefined, issuer: string) => ({
  active: true,
  sub: access?.session.accountId,
  client_id: claims.clientId,
  exp: claims.exp,
  iat: claims.iat,
  sid: access?.session.id,
  iss: issuer,
  aud: claims.aud,
  scope: claims.scope || undefined,
  cnf: confirmation(claims),
  token_type: claims.jkt ? 'DPoP' : 'Bearer',
});

const confirmation = ({ jkt, 'x5t#S256': x5t }: Claims) =>
  jkt || x5t ? { 'x5t#S256': x5t, jkt } : undefined;

const clocks = ({ session, policy }: FoundAccess, now: PlainRequest['now']) => {
  const { idle, absolute } = deadlines(session, policy);
  const { acr, amr, authTime } = session.authorization as { acr?: string; amr?: string[]; authTime?: number };
  return {
    auth_time: authTime,
    acr,
    amr,
    idle_expires_in: secondsUntil(idle, now),
    absolute_expires_in: secondsUntil(absolute, now),
  };
};
