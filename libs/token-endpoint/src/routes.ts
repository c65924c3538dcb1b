/** Paths below the issuer. */
export const routes = {
  authorization: '/authorize',
  token: '/token',
  revocation: '/revocation',
  introspection: '/introspection',
  userinfo: '/userinfo',
  jwks: '/jwks',
  device_authorization: '/device/authorization',
  code_verification: '/device',
  pushed_authorization_request: '/par',
  end_session: '/logout',
} as const;

const names: ReadonlyMap<string, string> = new Map(
  Object.entries(routes).map(([name, path]) => [path, name]),
);

/** The name of the endpoint at a path, as metadata, metrics and events have it. */
export const nameOfRoute = (path: string): string => names.get(path) ?? path.slice(1);
