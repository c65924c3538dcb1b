import type { IncomingMessage, ServerResponse } from 'node:http';
import { stringify } from 'node:querystring';
import { StagedWrites } from '@curfew/artifacts';
import {
  type ClientEndpoint,
  type ClientRequest,
  invalidRequest,
  type Proofs,
  parameter,
  refuseRepeated,
  requireParameters,
  routes,
} from '@curfew/token-endpoint';
import { clientParameters } from '@curfew/token-endpoint/client';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { type RequestScope, withScope } from '../request-scope.js';

type Library = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Parameters of every pushed request (RFC 9126 §2.1). */
const required = ['response_type', 'client_id'] as const;

/** The endpoints of the library whose clients our own checks authenticate, before the library sees the request. */
export const clientEndpoints = (library: Library): readonly (readonly [string, ClientEndpoint])[] => [
  [
    routes.pushed_authorization_request,
    async (request, { proofs }) => {
      refuseRepeated(request, [...required, 'dpop_jkt']);
      requireParameters(request, ...required);
      await bindToKey(request, proofs);
      await handOn(request, library);
      return undefined;
    },
  ],
  [
    routes.device_authorization,
    async (request) => {
      await handOn(request, library);
      return undefined;
    },
  ],
];

/** RFC 9449 §10.1: a proof with a pushed request means the same as `dpop_jkt`, and both must mean the same key. */
async function bindToKey(request: ClientRequest, proofs: Proofs): Promise<void> {
  const proof = await proofs.read(request);
  if (!proof) return;
  await proofs.useUp(proof, request.client.id, request.now);
  const named = parameter(request, 'dpop_jkt');
  if (named !== undefined && named !== proof.thumbprint)
    throw invalidRequest('DPoP proof key thumbprint does not match dpop_jkt', 'key_mismatch');
  request.form = { ...request.form, dpop_jkt: proof.thumbprint };
  delete request.request.headers['dpop'];
}

/** Puts the request in front of the library as that of a client which names itself and needs to prove nothing more. */
async function handOn(request: ClientRequest, library: Library): Promise<void> {
  const { client, now, signals, nextNonce } = request;
  const asked = Object.entries(request.form).filter(
    ([name, value]) => value !== '' && !clientParameters.includes(name),
  );
  delete request.request.headers.authorization;
  giveBack(request.request, Buffer.from(stringify(Object.fromEntries([['client_id', client.id], ...asked]))));
  const scope: RequestScope = { now, signals, staged: new StagedWrites(), client, nextNonce };
  await withScope(scope, () => library(request.request, request.response));
}

/** Lets the library read a body that was read already, as if it came from the network (pinned by test/contract). */
function giveBack(request: IncomingMessage, body: Buffer): void {
  request.headers['content-type'] = 'application/x-www-form-urlencoded';
  request.headers['content-length'] = String(body.length);
  Object.defineProperties(request, {
    readable: { value: true, configurable: true },
    iterator: { value: () => [body], configurable: true },
  });
}

const authenticated: ReadonlySet<string | undefined> = new Set<keyof typeof routes>([
  'pushed_authorization_request',
  'device_authorization',
]);

/** The library asks no client of these endpoints for proof, so nothing may come of a request that did not pass our own checks. */
export function refuseUnauthenticated({ oidc }: KoaContextWithOIDC, { client }: RequestScope): void {
  if (authenticated.has(oidc?.route) && !client)
    throw new TypeError(`a request reached ${oidc.route} without authentication of its client`);
}
