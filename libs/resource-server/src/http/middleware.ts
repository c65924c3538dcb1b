import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Requirement } from '../requirement.js';
import type { TokenFacts } from '../token-facts.js';
import type { VerifiableRequest, Verifier } from '../verifier.js';
import { type Refusal, refusalBody } from './challenges.js';
import { answerMetadata, isMetadataOf, isMetadataPath } from './protected-resource.js';

const known = new WeakMap<object, TokenFacts>();

/** The access of a request did not pass a guard of this package. */
export class NotVerified extends TypeError {
  override readonly name = 'NotVerified';

  constructor() {
    super('the request has not passed a guard');
  }
}

/** The facts about the token with which a request passed its guard. @throws NotVerified */
export function accessOf(request: object): TokenFacts {
  const facts = known.get(request);
  if (!facts) throw new NotVerified();
  return facts;
}

/** Remembers what a guard has found out, for `accessOf`. */
export const noteAccess = (request: object, facts: TokenFacts): void => void known.set(request, facts);

/** A request of Node's http server, as a verifier wants it. */
export function verifiable(request: IncomingMessage & { originalUrl?: string }): VerifiableRequest {
  const { headers, method, socket, rawHeaders } = request;
  const certificate = (socket as Partial<TLSSocket>).authorized
    ? (socket as TLSSocket).getPeerCertificate().raw
    : undefined;
  const severalTokens =
    rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization').length > 1;
  // Frameworks cut the part they were mounted at from `url`.
  return { headers, method, url: request.originalUrl ?? request.url, certificate, severalTokens };
}

/** Writes a refusal as the whole answer. */
export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  const body = Buffer.from(refusalBody(refusal));
  response.writeHead(refusal.status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    ...refusal.headers,
  });
  response.end(body);
}

/** Answers a request for the metadata of the verifier's resource (RFC 9728); false where the request is for something else. */
function answeredMetadata(
  { resource }: Verifier,
  request: IncomingMessage & { originalUrl?: string },
  response: ServerResponse,
): boolean {
  const target = request.originalUrl ?? request.url ?? '';
  if (!resource || !isMetadataPath(target) || !isMetadataOf(resource.audience, target)) return false;
  answerMetadata(request, response, resource);
  return true;
}

/** Middleware that answers requests for the metadata alone, where a guard does not see them because it protects single routes. */
export const metadataEndpoint =
  (verifier: Verifier) =>
  (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (!answeredMetadata(verifier, request, response)) next();
  };

/** The same as an `onRequest` hook for a whole Fastify instance. */
export const fastifyMetadata =
  (verifier: Verifier) =>
  async (request: { readonly raw: IncomingMessage }, reply: FastifyReplyLike): Promise<unknown> =>
    answeredMetadata(verifier, request.raw, reply.raw) ? reply.hijack() : undefined;

/** Middleware for Express and everything that takes `(request, response, next)`; `accessOf(request)` afterwards. */
export const expressGuard =
  (verifier: Verifier, required: Requirement = {}) =>
  (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void): void => {
    if (answeredMetadata(verifier, request, response)) return;
    verifier.verify(verifiable(request), required).then((verdict) => {
      if (verdict.kind === 'refused') return answerRefusal(response, verdict.refusal);
      noteAccess(request, verdict.facts);
      next();
    }, next);
  };

/** As much of Fastify's reply as is needed. */
interface FastifyReplyLike {
  code(status: number): FastifyReplyLike;
  headers(values: Readonly<Record<string, string>>): FastifyReplyLike;
  send(payload: string): unknown;
  hijack(): unknown;
  readonly raw: ServerResponse;
}

/** An `onRequest` hook for Fastify; `accessOf(request)` afterwards. */
export const fastifyGuard =
  (verifier: Verifier, required: Requirement = {}) =>
  async (request: { readonly raw: IncomingMessage }, reply: FastifyReplyLike): Promise<unknown> => {
    if (answeredMetadata(verifier, request.raw, reply.raw)) return reply.hijack();
    const verdict = await verifier.verify(verifiable(request.raw), required);
    if (verdict.kind === 'allowed') {
      noteAccess(request, verdict.facts);
      return undefined;
    }
    const { status, headers } = verdict.refusal;
    return reply
      .code(status)
      .headers({ 'content-type': 'application/json', ...headers })
      .send(refusalBody(verdict.refusal));
  };

/** A guarded handler for Node's own http server: called only with what is known of the caller. */
export const guarded =
  (
    verifier: Verifier,
    handler: (request: IncomingMessage, response: ServerResponse, access: TokenFacts) => unknown,
    required: Requirement = {},
  ) =>
  async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (answeredMetadata(verifier, request, response)) return;
    const verdict = await verifier.verify(verifiable(request), required);
    if (verdict.kind === 'refused') return answerRefusal(response, verdict.refusal);
    noteAccess(request, verdict.facts);
    await handler(request, response, verdict.facts);
  };
