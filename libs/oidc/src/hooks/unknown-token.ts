import type { EventData } from '@curfew/session-policy';
import type { SessionService } from '@curfew/sessions';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { RequestScope } from '../request-scope.js';

type Endpoint = EventData['token.unknown']['endpoint'];

/** What the answer of each endpoint looks like when the token it was shown told it nothing. */
const toldNothing: { readonly [E in Endpoint]: (ctx: KoaContextWithOIDC) => boolean } = {
  token: ({ status, oidc }) =>
    (status === 400 || status === 429) && oidc.params?.['refresh_token'] !== undefined,
  introspection: ({ status, body }) => status === 200 && (body as { active?: boolean })?.active === false,
  revocation: ({ status }) => status === 200,
  userinfo: ({ status, headers }) => status === 401 && headers.authorization !== undefined,
};

const isEndpoint = (route: string | undefined): route is Endpoint =>
  route !== undefined && Object.hasOwn(toldNothing, route);

/** Counts what authenticated clients (and, at userinfo, anybody) show that this service never issued, or cannot read any more. */
export function noteUnknownToken(
  ctx: KoaContextWithOIDC,
  scope: RequestScope,
  sessions: SessionService,
): void {
  const route = ctx.oidc?.route;
  if (!isEndpoint(route) || scope.recognised || !toldNothing[route](ctx)) return;
  scope.toldUnknown = true;
  sessions.unknownToken(route, ctx.oidc.client?.clientId ?? null, scope.signals.ip, scope.now);
}
