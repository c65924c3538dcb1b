import type { IncomingMessage } from 'node:http';
import type { BlockList } from 'node:net';
import type { Refusal } from '@curfew/resource-server';
import { requestIdOf } from '@curfew/web';
import { isTrusted } from './asked/forwarded.js';

const ids = new WeakMap<IncomingMessage, string>();

/** The id of a request, the same in its refusal and in the log: the one that a proxy of ours gave it, or one of our own. */
export function requestIdFor(request: IncomingMessage, proxies: BlockList): string {
  const known = ids.get(request);
  if (known !== undefined) return known;
  const id = requestIdOf(request, isTrusted(request.socket.remoteAddress, proxies));
  ids.set(request, id);
  return id;
}

/** A refusal as the gateway answers it: with the id of its request, and not to be taken for anything but what it is. */
export const ownRefusal = (refusal: Refusal, request: IncomingMessage, proxies: BlockList): Refusal => ({
  ...refusal,
  headers: {
    'X-Request-Id': requestIdFor(request, proxies),
    'X-Content-Type-Options': 'nosniff',
    ...refusal.headers,
  },
});
