import type { IncomingMessage, ServerResponse } from 'node:http';
import { proofAlgorithms } from '../dpop/index.js';

/** The members of a resource’s metadata beside its identifier and its authorization server (RFC 9728 §2). */
export interface ResourceMetadata {
  /** Scope values that requests may need. */
  readonly scopes?: readonly string[] | undefined;
  /** A name for people. */
  readonly name?: string | undefined;
  /** The address of documentation for developers. */
  readonly documentation?: string | undefined;
}

/** The resource that metadata is about. */
export interface ProtectedResource extends ResourceMetadata {
  /** Its identifier, which is the audience of its tokens (RFC 8707). */
  readonly audience: string;
  readonly issuer: string;
  /** Whether it takes tokens that are bound to a key (RFC 9449). */
  readonly takesProofs: boolean;
}

const wellKnown = '/.well-known/oauth-protected-resource';

/**
 * RFC 9728 §3.1: the address of the metadata of a resource, with the well-known path before its own; undefined where its identifier is no
 * web address. It follows from the identifier alone, so no header of a request can lead a client to the metadata of somebody else.
 */
export function metadataUrlOf(audience: string): string | undefined {
  if (!/^https?:\/\//i.test(audience) || !URL.canParse(audience)) return undefined;
  const { origin, pathname, search } = new URL(audience);
  return `${origin}${wellKnown}${pathname === '/' ? '' : pathname}${search}`;
}

/** Whether a target is one of metadata. It says so of every request in a moment. */
export const isMetadataPath = (target: string): boolean => target.startsWith(wellKnown);

/** Whether a target, path and query, is that of the metadata of this resource; a slash at its end makes no difference. */
export function isMetadataOf(audience: string, target: string): boolean {
  const url = metadataUrlOf(audience);
  if (url === undefined) return false;
  const { pathname, search } = new URL(url);
  return withoutLastSlash(`${pathname}${search}`) === withoutLastSlash(target);
}

const withoutLastSlash = (target: string): string => target.replace(/\/$/, '');

/** RFC 9728 §2: the members of the metadata; JSON leaves out those that are undefined. */
const membersOf = ({ audience, issuer, scopes, name, documentation, takesProofs }: ProtectedResource) => ({
  resource: audience,
  authorization_servers: [issuer],
  scopes_supported: scopes && scopes.length > 0 ? scopes : undefined,
  bearer_methods_supported: ['header'],
  resource_name: name,
  resource_documentation: documentation,
  dpop_signing_alg_values_supported: takesProofs ? proofAlgorithms : undefined,
});

/** Metadata is for everybody, pages of any origin included, which first ask whether they may send a header of their own. */
const publicHeaders = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Headers': '*',
  'Access-Control-Allow-Methods': 'GET, HEAD',
  'X-Content-Type-Options': 'nosniff',
} as const;

/** Writes the metadata of a resource as the whole answer to a request for it. */
export function answerMetadata(
  { method = '' }: IncomingMessage,
  response: ServerResponse,
  resource: ProtectedResource,
): void {
  if (method === 'OPTIONS') {
    response.writeHead(204, publicHeaders).end();
    return;
  }
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD, OPTIONS', ...publicHeaders }).end();
    return;
  }
  const body = Buffer.from(JSON.stringify(membersOf(resource)));
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    'Cache-Control': 'public, max-age=300',
    ...publicHeaders,
  });
  response.end(body);
}
