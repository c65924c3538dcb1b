import { routes } from '@curfew/token-endpoint';

const read = ['GET', 'HEAD'] as const;
const readByAll = [...read, 'OPTIONS'] as const;
const write = ['POST'] as const;
const writeByAll = ['POST', 'OPTIONS'] as const;

const methods = new Map<string, readonly string[]>([
  [routes.authorization, [...read, ...write]],
  [routes.token, writeByAll],
  [routes.revocation, writeByAll],
  [routes.introspection, writeByAll],
  [routes.pushed_authorization_request, writeByAll],
  [routes.device_authorization, writeByAll],
  [routes.userinfo, [...read, ...writeByAll]],
  [routes.jwks, readByAll],
  ['/.well-known/openid-configuration', readByAll],
  ['/.well-known/oauth-authorization-server', readByAll],
  [routes.code_verification, [...read, ...write]],
  [routes.end_session, [...read, ...write]],
  [`${routes.end_session}/confirm`, write],
  [`${routes.end_session}/success`, read],
]);

/** The path at which an authorization or a device continues: one segment more, which only oidc-provider can read. */
const goesOn = new RegExp(`^(?:${routes.authorization}|${routes.code_verification})/[^/]+$`);

/** The methods that oidc-provider answers at this path (below the issuer's own path), or undefined where it answers none. */
export const protocolMethods = (path: string): readonly string[] | undefined =>
  methods.get(path) ?? (goesOn.test(path) ? read : undefined);

/**
 * Whether a form posted here is answered by a redirect to the same request as GET. Other sites send people here, and only then do our
 * cookies come along.
 */
export const isAnsweredByGet = (path: string, method: string | undefined): boolean =>
  method === 'POST' && (path === routes.authorization || path === routes.end_session);
