import type { IncomingMessage } from 'node:http';
import type { KnownClient } from '@curfew/clients';
import type { ClientAccess } from '@curfew/oidc';
import type { RequestSignals } from '@curfew/session-policy';
import type { SignalsReader } from '@curfew/signals';
import { type ClientDirectory, streamScopes } from '@curfew/token-endpoint/client';
import { ProblemError } from '@curfew/web';

/**
 * Authenticates followers of the feed and callers of batch introspection: clients of a resource server, with their secret or an access
 * token.
 */
export class FollowerAuthentication {
  constructor(
    private readonly clients: ClientDirectory,
    private readonly signals: SignalsReader,
    /** Whom a bearer token speaks for; by default tokens speak for nobody. */
    private readonly clientOf: (token: string) => Promise<ClientAccess | undefined> = async () => undefined,
  ) {}

  /**
   * The caller; `wanted` is the scope value that its request needs, where it is one about a stream.
   * @throws ProblemError: 401 without valid credentials, 403 for a client that serves no resource or a token with too little scope, 429
   * when throttled.
   */
  async of(request: IncomingMessage, wanted?: StreamScope): Promise<KnownClient> {
    const { client, scopes } = await this.#accessOf(request);
    if (client.resource === null) throw notAResourceServer();
    if (!isEnough(scopes, wanted)) throw insufficientScope(wanted);
    return client;
  }

  async #accessOf(request: IncomingMessage): Promise<ClientAccess> {
    const [, token] = /^bearer +([\w.~+/-]+=*)$/i.exec(request.headers.authorization ?? '') ?? [];
    const byToken = token === undefined ? undefined : await this.clientOf(token);
    if (byToken) return byToken;
    const credentials = basicCredentials(request.headers.authorization);
    if (!credentials) throw unauthenticated();
    const { prefix } = this.signalsOf(request);
    const verdict = await this.clients.checkSecret(credentials.id, credentials.secret, prefix);
    if (typeof verdict !== 'string') throw throttled(verdict.throttledFor);
    const client = verdict === 'right' ? await this.clients.find(credentials.id) : undefined;
    if (!client) throw unauthenticated();
    return { client, scopes: [] };
  }

  /** The address, network and device information of a request. */
  signalsOf({ socket, headers }: IncomingMessage): RequestSignals {
    return this.signals.read({ socketAddress: socket.remoteAddress, headers });
  }
}

/** A scope value for streams (CAEP interoperability profile §2.7.2). */
export type StreamScope = 'ssf.read' | 'ssf.manage';

/**
 * Whether these scope values allow a request. A client that asks for none of a stream's may do everything, as with its secret; a token
 * that was narrowed to streams is good for them alone.
 */
function isEnough(scopes: readonly string[], wanted: StreamScope | undefined): boolean {
  const narrowed = scopes.filter((one) => streamScopes.has(one));
  if (narrowed.length === 0) return true;
  return wanted !== undefined && (narrowed.includes(wanted) || narrowed.includes('ssf.manage'));
}

/** RFC 6750 §3.1. */
const insufficientScope = (wanted: StreamScope | undefined) =>
  new ProblemError({
    status: 403,
    code: 'insufficient_scope',
    title: wanted ? `The token needs the scope ${wanted}` : 'The token is for streams alone',
    headers: {
      'WWW-Authenticate': `Bearer realm="curfew", error="insufficient_scope"${wanted ? `, scope="${wanted}"` : ''}`,
    },
  });

/** RFC 6749 §2.3.1: both parts are form-encoded before they are joined. */
function basicCredentials(
  header: string | undefined,
): { readonly id: string; readonly secret: string } | undefined {
  const [, encoded] = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const [, id, secret] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  try {
    return { id: formDecoded(id), secret: formDecoded(secret) };
  } catch {
    return undefined;
  }
}

const formDecoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '));

const unauthenticated = () =>
  new ProblemError({
    status: 401,
    code: 'invalid_client',
    title: 'The client did not prove who it is',
    headers: { 'WWW-Authenticate': 'Basic realm="curfew", Bearer realm="curfew"' },
  });

const notAResourceServer = () =>
  new ProblemError({
    status: 403,
    code: 'not_a_resource_server',
    title: 'Only the client of a resource server may ask for this',
  });

const throttled = (retryAfter: number) =>
  new ProblemError({ status: 429, code: 'throttled', title: 'Too many failed attempts', retryAfter });
