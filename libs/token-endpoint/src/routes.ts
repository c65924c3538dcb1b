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
