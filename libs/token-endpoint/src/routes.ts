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

/** The names of the endpoints by their paths, as metadata, metrics and events have them. */
export const routeNames: ReadonlyMap<string, string> = new Map(
  Object.entries(routes).map(([name, path]) => [path, name]),
);

/** The name of the endpoint at a path that an endpoint of this room has. */
export const nameOfRoute = (path: string): string => routeNames.get(path) ?? path.slice(1);
