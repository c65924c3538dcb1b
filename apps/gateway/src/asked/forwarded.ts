import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { type BlockList, isIPv6 } from 'node:net';
import { type AskedFault, type AskedRequest, readAsked, type StatedRequest } from './asked-request.js';

/**
 * Where the request that is asked about stands: in `X-Forwarded-Method`, `-Proto`, `-Host` and `-Uri` (Traefik, Caddy),
 * in `X-Original-Method` and `X-Original-URL` (nginx), or in the request itself below a prefix (Envoy, HAProxy).
 */
export type ForwardedForm = 'x-forwarded' | 'x-original' | 'itself';

/** Why it is unknown which request is asked about. */
export type ForwardedFault = AskedFault | 'untrusted_proxy' | 'not_stated' | 'stated_twice' | 'contradictory';

/** Whose word is taken, and in which form. */
export interface ForwardedRules {
  /** Addresses of proxies; nobody else may ask. */
  readonly proxies: BlockList;
  readonly forms: readonly ForwardedForm[];
}

/** Reads the request asked about from what a trusted proxy says; forms that are not configured are not looked at. */
export function readForwarded(
  request: IncomingMessage,
  target: string,
  rules: ForwardedRules,
): AskedRequest | ForwardedFault {
  if (!isTrusted(request.socket.remoteAddress, rules.proxies)) return 'untrusted_proxy';
  const stated = rules.forms.flatMap((form) => statedIn(form, request, target) ?? []);
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

/** Whether an address is one of the configured proxies. */
export function isTrusted(address: string | undefined, proxies: BlockList): boolean {
  if (address === undefined) return false;
  const mapped = address.replace(/^::ffff:(?=\d+\.)/i, '');
  return proxies.check(mapped, isIPv6(mapped) ? 'ipv6' : 'ipv4');
}

function statedIn(
  form: ForwardedForm,
  request: IncomingMessage,
  target: string,
): StatedRequest | 'stated_twice' | 'target_malformed' | undefined {
  const { headers } = request;
  if (request.rawHeaders.some((name, at) => at % 2 === 0 && countOf(request, name) > 1 && isStating(name)))
    return 'stated_twice';
  switch (form) {
    case 'x-forwarded':
      return byParts(headers);
    case 'x-original':
      return byUrl(headers);
    case 'itself':
      return target === ''
        ? undefined
        : {
            method: request.method ?? '',
            scheme: one(headers, 'x-forwarded-proto') ?? '',
            host: headers.host ?? '',
            target,
          };
  }
}

const isStating = (name: string): boolean =>
  /^x[-_](forwarded[-_](method|proto|host|uri)|original[-_](method|url|uri))$/i.test(name);

/** How many headers a request has that some upstream takes for this one: spelled with `_` or in any case. */
function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  const spelled = (text: string) => text.toLowerCase().replaceAll('_', '-');
  return rawHeaders.filter((other, at) => at % 2 === 0 && spelled(other) === spelled(name)).length;
}

const one = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

function byParts(headers: IncomingHttpHeaders): StatedRequest | undefined {
  const [method, host, target] = [
    one(headers, 'x-forwarded-method'),
    one(headers, 'x-forwarded-host'),
    one(headers, 'x-forwarded-uri'),
  ];
  if (host === undefined && target === undefined) return undefined;
  return {
    method: method ?? 'GET',
    scheme: one(headers, 'x-forwarded-proto') ?? '',
    host: host ?? '',
    target: target ?? '',
  };
}

function byUrl(headers: IncomingHttpHeaders): StatedRequest | 'target_malformed' | undefined {
  const url = one(headers, 'x-original-url');
  if (url === undefined) return undefined;
  const [, scheme, host, target] = /^(https?):\/\/([^/?#@]+)(\/.*)$/s.exec(url) ?? [];
  if (scheme === undefined || host === undefined || target === undefined) return 'target_malformed';
  return { method: one(headers, 'x-original-method') ?? 'GET', scheme, host, target };
}
