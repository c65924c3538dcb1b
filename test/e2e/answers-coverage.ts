import { allFormats, bonds, certificateHeader, confidentialWays, type Way, ways } from './answers-desk.js';
import type { Reply } from './answers-http.js';
import { deviceGrant, exchangeGrant } from './protocol-names.js';

const grants: Readonly<Record<string, string>> = {
  authorization_code: 'code',
  refresh_token: 'refresh',
  client_credentials: 'machine',
  [deviceGrant]: 'device',
  [exchangeGrant]: 'exchange',
};

/** The endpoint, or the grant at the token endpoint. */
const placeOf = (path: string, form: URLSearchParams): string =>
  path === '/token' ? (grants[form.get('grant_type') ?? ''] ?? 'no grant') : path.slice(1);

const wayOf = (form: URLSearchParams, authorization: string | undefined): string => {
  if (authorization !== undefined) return 'basic';
  if (form.has('client_secret')) return 'post';
  return form.has('client_assertion') ? 'assertion' : 'none';
};

const bondOf = ({
  dpop,
  [certificateHeader]: shown,
}: Readonly<Record<string, string | undefined>>): string => {
  if (dpop) return 'key';
  return shown ? 'certificate' : 'bearer';
};

/** The bond of a token that is asked about, by the answer. */
const boundTo = ({ cnf }: { readonly cnf?: { readonly jkt?: string } }): string => {
  if (!cnf) return 'bearer';
  return cnf.jkt === undefined ? 'certificate' : 'key';
};

const formatOf = (token: string): string => {
  if (token.startsWith('cfw_rt_')) return 'refresh';
  return token.startsWith('cfw_at_') ? 'opaque' : 'jwt';
};

/** The cell of the table that a response stands in: place, way to authenticate, bond, format and outcome. */
export function cellOf({ asked, status, body }: Reply): string {
  const form = new URLSearchParams(asked.form);
  const place = placeOf(asked.path, form);
  const way = wayOf(form, asked.headers['authorization']);
  const token = form.get('token') ?? '';
  if (place === 'userinfo') return `${place}: ${status === 200 ? bondOf(asked.headers) : body?.error}`;
  if (status >= 400) return `${place}, ${way}: ${body?.error}`;
  if (place === 'introspection')
    return body.active
      ? `${place}, ${way}: active ${formatOf(token)}, ${boundTo(body)}`
      : `${place}, ${way}: inactive`;
  if (place === 'revocation') return `${place}, ${way}: ${formatOf(token)}`;
  if (body?.access_token === undefined) return `${place}, ${way}: begun`;
  return `${place}, ${way}: ${formatOf(body.access_token)}, ${bondOf(asked.headers)}`;
}

const every = (place: string, by: readonly Way[], outcomes: readonly string[]): string[] =>
  by.flatMap((way) => outcomes.map((outcome) => `${place}, ${way}: ${outcome}`));

const endpoints = ['introspection', 'revocation', 'par', 'device/authorization'];
const tokens = (list: readonly string[] = allFormats) =>
  list.flatMap((format) => bonds.map((bond) => `${format}, ${bond}`));

/**
 * The cells that make sense. A public client has nothing to prove who it is (no `invalid_client` of its own), no token for itself and no
 * exchange, and is told of its refresh tokens by the key that it proves alone. A certificate is a bond and no way to authenticate
 * (`tls_client_auth`, `self_signed_tls_client_auth`): registrations refuse both.
 */
export const sensible: readonly string[] = [
  ...every('code', ways, [...tokens(), 'invalid_grant', 'invalid_target']),
  ...every('code', ['basic', 'none'], ['invalid_request', 'invalid_dpop_proof', 'use_dpop_nonce']),
  ...every('refresh', ways, [...tokens(), 'invalid_grant']),
  ...every('refresh', ['post', 'assertion', 'none'], ['invalid_scope', 'invalid_target']),
  ...every('machine', confidentialWays, [
    ...tokens(),
    'invalid_grant',
    'invalid_dpop_proof',
    'use_dpop_nonce',
  ]),
  ...every('machine', ['post', 'assertion'], ['invalid_scope', 'invalid_target']),
  ...every('device/authorization', ways, ['begun']),
  ...every('device', ways, [
    ...tokens(),
    'authorization_pending',
    'slow_down',
    'expired_token',
    'access_denied',
    'invalid_grant',
  ]),
  ...every('device', ['none'], ['invalid_dpop_proof', 'invalid_target', 'invalid_request']),
  ...every('exchange', confidentialWays, [
    ...tokens(),
    'invalid_request',
    'invalid_grant',
    'invalid_dpop_proof',
    'use_dpop_nonce',
  ]),
  ...every('exchange', ['basic'], ['invalid_target', 'invalid_scope', 'invalid_client']),
  ...every('introspection', confidentialWays, [
    ...tokens().map((token) => `active ${token}`),
    // RFC 9449 §5, RFC 8705 §4: the refresh tokens of a client that authenticates are bound to the client alone.
    'active refresh, bearer',
    'inactive',
  ]),
  ...every('introspection', ['none'], ['active refresh, key', 'inactive']),
  ...[...bonds, 'invalid_token', 'invalid_request', 'invalid_dpop_proof'].map(
    (outcome) => `userinfo: ${outcome}`,
  ),
  ...every('revocation', ways, [...allFormats, 'refresh']),
  ...[...endpoints, 'code', 'refresh', 'machine', 'device'].flatMap((place) =>
    every(place, ways, ['invalid_client']),
  ),
  ...['refresh', 'introspection', 'revocation'].flatMap((place) =>
    every(place, ['assertion'], ['invalid_request']),
  ),
];

/** The cells of a table that nothing stands in. */
export const missingFrom = (cells: ReadonlySet<string>): readonly string[] =>
  sensible.filter((cell) => !cells.has(cell));
