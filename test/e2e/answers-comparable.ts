type Members = Readonly<Record<string, unknown>>;

/** A response as it is recorded, as far as it is compared. */
export interface Told {
  readonly status: number;
  readonly headers: Members;
  readonly members?: readonly string[];
  readonly body?: Members;
  readonly text?: string;
}

/** The members of a response that the standards name; this product tells APIs more about a session. */
const standard = new Set(
  'access_token expires_in id_token refresh_token scope token_type active client_id aud cnf error error_description'.split(
    ' ',
  ),
);
const compared = new Set(['scope', 'token_type', 'active', 'client_id', 'aud', 'error', 'error_description']);

/** Scope values in one order, which says nothing (RFC 6749 §3.3). */
const ordered = (scope: unknown) => (typeof scope === 'string' ? scope.split(' ').sort().join(' ') : scope);

const keyless = (value: unknown) => (value === undefined ? undefined : 'a key');

/** An access token in either format, as far as both servers say the same of it. */
function accessOf(token: Members | undefined): unknown {
  if (token === undefined) return undefined;
  const claims = token['claims'] as Members | undefined;
  if (claims === undefined || typeof claims['aud'] !== 'string') {
    const { clientId, aud, scope, jkt, gty, 'x5t#S256': x5t } = token;
    return { format: 'opaque', clientId, aud, scope: ordered(scope), gty, jkt: keyless(jkt), x5t };
  }
  const { client_id, aud, scope, cnf } = claims as Members & { readonly cnf?: Members };
  return {
    format: 'jwt',
    client_id,
    aud,
    scope: ordered(scope),
    jkt: keyless(cnf?.['jkt']),
    x5t: cnf?.['x5t#S256'],
  };
}

/** A response without everything in which two servers may differ for no reason that matters. */
export function comparable({ status, headers, members = [], body = {} }: Told) {
  const { 'www-authenticate': challenge, 'dpop-nonce': nonce } = headers;
  const cnf = body['cnf'] as Members | undefined;
  return JSON.parse(
    JSON.stringify({
      status,
      challenge,
      nonce: nonce !== undefined,
      members: members.filter((name) => standard.has(name)),
      ...Object.fromEntries(Object.entries(body).filter(([name]) => compared.has(name))),
      scope: ordered(body['scope']),
      access: accessOf(body['access_token'] as Members | undefined),
      cnf: cnf && { jkt: keyless(cnf['jkt']), x5t: cnf['x5t#S256'] },
    }),
  ) as Members;
}
