import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type BlockList, isIPv6 } from 'node:net';
import { type AskedFault, type AskedRequest, readAsked } from '@curfew/web';

type StatedRequest = Parameters<typeof readAsked>[0];

/**
 * The place that names the request to decide about: `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri` (Traefik, Caddy),
 * `X-Original-Method` and `X-Original-URL` (nginx), or the request itself below a prefix (Envoy, HAProxy).
 */
export type ForwardedForm = 'x-forwarded' | 'x-original' | 'itself';

/** Why it is unknown which request is asked about. */
export type ForwardedFault = AskedFault | 'untrusted_proxy' | 'not_stated' | 'stated_twice' | 'contradictory';

/** The proxies that are trusted to name a request, and the form in which they do. */
export interface ForwardedRules {
  /** Addresses of proxies; nobody else may ask. */
  readonly proxies: BlockList;
  readonly forms: readonly ForwardedForm[];
  /** The number of proxies between clients and the gateway. In a list, the entry written by the outermost proxy counts. */
  readonly hops: number;
}

/** Reads the request asked about from what a trusted proxy says; forms that are not configured are not looked at. */
export function readForwarded(
  request: IncomingMessage,
  target: string,
  rules: ForwardedRules,
): AskedRequest | ForwardedFault {
  if (!isTrusted(request.socket.remoteAddress, rules.proxies)) return 'untrusted_proxy';
  const stated = rules.forms.flatMap((form) => statedIn(form, request, target, rules.hops) ?? []);
  const [first, ...others] = stated;
  if (first === undefined) return 'not_stated';
  const fault = stated.find((one) => typeof one === 'string');
  if (typeof fault === 'string') return fault;
  const asked = readAsked(first as StatedRequest);
  if (typeof asked === 'string') return asked;
  for (const other of others) {
    const same = readAsked(other as StatedRequest);
    if (typeof same === 'string') return same;
    // A client may send one form itself while the proxy sets the other: then nobody knows what is asked.
    if (JSON.stringify(same) !== JSON.stringify(asked)) return 'contradictory';
  }
  return asked;
}

/**
 * Whether the proxy takes 401 and 403 alone for a refusal, and every other status for a broken gateway: it states the request as nginx
 * does (ngx_http_auth_request_module).
 */
export const takesNoRedirect = ({ headers }: IncomingMessage, { forms }: ForwardedRules): boolean =>
  forms.includes('x-original') && headers['x-original-url'] !== undefined;

/** Results of lookups, by list and address: the same few proxies ask again and again, and a lookup is expensive. */
const knownAddresses = new WeakMap<BlockList, Map<string, boolean>>();
const maxKnownAddresses = 1_000;

/** Whether an address is one of the configured proxies. */
export function isTrusted(address: string | undefined, proxies: BlockList): boolean {
  if (address === undefined) return false;
  let known = knownAddresses.get(proxies);
  const before = known?.get(address);
  if (before !== undefined) return before;
  if (!known || known.size >= maxKnownAddresses) {
    known = new Map();
    knownAddresses.set(proxies, known);
  }
  const mapped = address.replace(/^::ffff:(?=\d+\.)/i, '');
  const trusted = proxies.check(mapped, isIPv6(mapped) ? 'ipv6' : 'ipv4');
  known.set(address, trusted);
  return trusted;
}

function statedIn(
  form: ForwardedForm,
  request: IncomingMessage,
  target: string,
  hops: number,
): StatedRequest | 'stated_twice' | 'target_malformed' | undefined {
  const { headers } = request;
  if (isStatedTwice(request)) return 'stated_twice';
  switch (form) {
    case 'x-forwarded':
      return byParts(headers, hops);
    case 'x-original':
      return byUrl(headers);
    case 'itself':
      return target === ''
        ? undefined
        : {
            method: request.method ?? '',
            scheme: ofHop(one(headers, 'x-forwarded-proto'), hops) ?? '',
            host: headers.host ?? '',
            target,
          };
  }
}

const stating = /^x[-_](forwarded[-_](method|proto|host|uri)|original[-_](method|url|uri))$/i;

/** Whether a header came twice in spellings that some upstream takes for the same: with `_` or in any case. */
function isStatedTwice({ rawHeaders }: IncomingMessage): boolean {
  const seen = new Set<string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (!stating.test(name)) continue;
    const spelled = name.toLowerCase().replaceAll('_', '-');
    if (seen.has(spelled)) return true;
    seen.add(spelled);
  }
  return false;
}

const one = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** The entry that the outermost trusted proxy added to a list (`https, http`). Entries to its left may come from the client. */
export function ofHop(list: string | undefined, hops: number): string | undefined {
  const entries = list?.split(',').map((entry) => entry.trim());
  return entries?.at(-Math.min(hops, entries.length));
}

function byParts(headers: IncomingHttpHeaders, hops: number): StatedRequest | undefined {
  const [method, host, target] = [
    one(headers, 'x-forwarded-method'),
    ofHop(one(headers, 'x-forwarded-host'), hops),
    one(headers, 'x-forwarded-uri'),
  ];
  if (host === undefined && target === undefined) return undefined;
  return {
    method: method ?? '',
    scheme: ofHop(one(headers, 'x-forwarded-proto'), hops) ?? '',
    host: host ?? '',
    target: target ?? '',
  };
}

function byUrl(headers: IncomingHttpHeaders): StatedRequest | 'target_malformed' | undefined {
  const url = one(headers, 'x-original-url');
  if (url === undefined) return undefined;
  const [, scheme, host, target] = /^(https?|wss?):\/\/([^/?#@]+)(\/.*)$/is.exec(url) ?? [];
  if (scheme === undefined || host === undefined || target === undefined) return 'target_malformed';
  return { method: one(headers, 'x-original-method') ?? '', scheme, host, target };
}
