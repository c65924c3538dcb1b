import type { IncomingHttpHeaders } from 'node:http';

/** The name as programs behind CGI and WSGI see it: letter case and the difference between `-` and `_` are lost there. */
const spelling = (name: string): string => name.toLowerCase().replaceAll('_', '-');

/** Headers that speak of one connection only (RFC 9110 §7.6.1). */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'http2-settings',
]);

/** Headers by which a request could say something of itself that only we may say, or be taken for another request. */
const ours =
  /^(x-webauth-.*|x-authenticated-.*|x-authentik-.*|x-goog-(authenticated|iap)-.*|x-ms-client-principal.*|x-amzn-(oidc|mtls)-.*|cf-connecting-ip.*|cf-access-.*|fastly-client-ip|x-cluster-client-ip|x-appengine-.*|x-arr-.*|ssl-client-.*|x-curfew-.*|x-forwarded(-.*)?|forwarded|x-original-.*|x-rewrite-url|x-real-ip|x-client-ip|true-client-ip|x-http-method(-override)?|x-method-override|x-session-activity|x-auth-(user|request-.*)|x-user|x-remote-user|remote-user|x-ssl-client-.*|x-client-cert.*)$/;

/** The rules for headers to an upstream: those of the client that are removed, and those that are added. */
export interface HeaderRules {
  /** Whether the upstream gets the access token. */
  readonly passToken: boolean;
  /** Cookies of the gateway itself, which are nobody else's business. */
  readonly ownCookies: readonly string[];
  /** Other headers that clients do not set, lower case; a `*` at the end stands for any rest. */
  readonly removed: readonly string[];
}

/**
 * The headers an upstream gets. First the client's identity headers go, in every spelling; then what its `Connection`
 * lists goes; and only then ours are added, so that no list of the client's can take them away
 * (GHSA-w9mr-28mw-j8hg).
 */
export function outgoingHeaders(
  incoming: IncomingHttpHeaders,
  added: Readonly<Record<string, string>>,
  { passToken, ownCookies, removed }: HeaderRules,
): IncomingHttpHeaders {
  const listed = new Set((incoming.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const reserved = new Set([...Object.keys(added), ...removed].map(spelling));
  const beginnings = [...reserved].filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  const kept: IncomingHttpHeaders = {};
  for (const [name, value] of Object.entries(incoming)) {
    const spelled = spelling(name);
    if (hopByHop.has(name) || (listed.has(name) && name !== 'host')) continue;
    if (ours.test(spelled) || reserved.has(spelled) || name === 'dpop') continue;
    if (beginnings.some((beginning) => spelled.startsWith(beginning))) continue;
    if (name === 'authorization' && !passToken) continue;
    kept[name] = value;
  }
  const cookie = withoutCookies(incoming.cookie, ownCookies);
  if (cookie) kept.cookie = cookie;
  else delete kept.cookie;
  for (const [name, value] of Object.entries(added)) kept[name.toLowerCase()] = value;
  return kept;
}

/** Takes away what an upstream says of its own connection to us (RFC 9110 §7.6.1). */
export function removeHopByHop(headers: IncomingHttpHeaders): void {
  const listed = (headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase());
  for (const name of [...hopByHop, ...listed]) delete headers[name];
}

/** Whether a body follows that has no length (RFC 9112 §6.3); Node needs to be told, because the header is per connection. */
export const isChunked = ({ 'transfer-encoding': encoding }: IncomingHttpHeaders): boolean =>
  encoding !== undefined && /(^|,)\s*chunked\s*$/i.test(encoding);

/** The `Cookie` header without these cookies. */
export function withoutCookies(header: string | undefined, names: readonly string[]): string | undefined {
  if (header === undefined || names.length === 0) return header;
  const isOwn = (pair: string) => names.some((name) => pair.startsWith(`${name}=`));
  return header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '' && !isOwn(pair))
    .join('; ');
}
