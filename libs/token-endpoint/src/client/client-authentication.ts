/*
 * The clients that may come, and how the client of a request proves that it is one of them.
 */
import { Throttle, type ThrottleLimit, throttleKey } from '@curfew/accounts';
import {
  isPublicClient,
  type KnownClient,
  type KnownResource,
  type Registry,
  verifySecret,
} from '@curfew/clients';
import { documentHost } from '@curfew/clients/client-documents';
import { otherSpellings } from '@curfew/clients/resource-indicator';
import type { Clock } from '@curfew/clock';
import { type Instant, isPast, plus, type Seconds, secondsUntil } from '@curfew/session-policy';
import { invalidClient, invalidRequest, tooManyAttempts } from '../refused.js';
import { type ClientRequest, type EndpointRequest, parameter, refuseRepeated } from '../request.js';
import { type ClientAssertions, readAssertion, type SentAssertion } from './client-assertion.js';

/** Parameters by which a client says who it is (RFC 6749 §2.3.1, RFC 7521 §4.2). */
export const clientParameters = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'];

/** The credentials of the client in a request. */
interface Credentials {
  readonly clientId: string | undefined;
  readonly secret?: string;
  readonly assertion?: SentAssertion;
  /** The scheme Basic with an empty secret, as RFC 6749 §2.3.1 allows to a client that has none. */
  readonly isEmptySecret?: boolean;
}

/** The parts by which a client is found and proves itself. */
interface AuthenticationParts {
  readonly clients: ClientDirectory;
  readonly assertions: ClientAssertions;
  /** Header in which a trusted proxy hands over the client certificate, if one does (RFC 8705). */
  readonly certificateHeader: string | undefined;
}

/** The client of a request, when it has proved itself as it is registered to. @throws Refused */
export async function authenticateClient(
  request: EndpointRequest,
  parts: AuthenticationParts,
): Promise<ClientRequest> {
  refuseRepeated(request, clientParameters);
  const credentials = credentialsOf(request);
  if (!credentials.clientId)
    throw invalidRequest('no client authentication mechanism provided', 'client_not_named');
  const client = await knownClient(credentials.clientId, parts);
  if (credentials.isEmptySecret && !(client && isPublicClient(client)))
    throw malformed('client_secret must be provided in the Authorization header');
  if (!client) throw invalidClient('client_unknown');
  request.client = client;
  refuseForeignOrigin(request, client);
  await prove(client, credentials, request, parts);
  return request as ClientRequest;
}

/** A client whose tokens are bound to certificates is unknown where no trusted proxy hands certificates over: anybody could use its tokens. */
async function knownClient(
  id: string,
  { clients, certificateHeader }: AuthenticationParts,
): Promise<KnownClient | undefined> {
  const client = await clients.find(id);
  const isUnbound = client?.metadata.tls_client_certificate_bound_access_tokens && !certificateHeader;
  return isUnbound ? undefined : client;
}

const malformed = (description: string) => invalidRequest(description, 'client_credentials_malformed');

/** RFC 6749 §2.3: one way to authenticate in each request. */
function credentialsOf(request: EndpointRequest): Credentials {
  const { authorization, ...headers } = request.request.headers;
  const clientId = parameter(request, 'client_id');
  const secret = parameter(request, 'client_secret');
  const assertion = parameter(request, 'client_assertion');
  // An attestation (draft-ietf-oauth-attestation-based-client-auth) is a way to authenticate that is not offered here.
  const attestation = headers['oauth-client-attestation'] ?? headers['oauth-client-attestation-pop'];
  const ways =
    [authorization, secret, assertion].filter(Boolean).length + (attestation === undefined ? 0 : 1);
  if (ways > 1 || attestation !== undefined)
    throw malformed('client authentication must only be provided using one mechanism');
  if (secret !== undefined) return { clientId, secret };
  if (authorization !== undefined) return basicCredentials(authorization, clientId);
  if (assertion === undefined) return { clientId };
  const sent = readAssertion(assertion, parameter(request, 'client_assertion_type'));
  return { clientId: sameId(clientId, sent.subject), assertion: sent };
}

/** RFC 7617 with the encoding of RFC 6749 §2.3.1; RFC 9110 §11.4 allows more than one space after the scheme. */
function basicCredentials(authorization: string, named: string | undefined): Credentials {
  const encoded = /^basic +([^ ]*)$/i.exec(authorization)?.[1];
  if (encoded === undefined || !isBase64(encoded))
    throw malformed('invalid authorization header value format');
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon === -1) throw malformed('invalid authorization header value format');
  const [id, secret] = [formDecoded(decoded.slice(0, colon)), formDecoded(decoded.slice(colon + 1))];
  if (id === undefined || secret === undefined)
    throw malformed('client_id and client_secret in the authorization header are not properly encoded');
  const clientId = sameId(named, id);
  return secret === '' ? { clientId, isEmptySecret: true } : { clientId, secret };
}

/** Base64 with its padding or without (RFC 4648 §4). */
function isBase64(text: string): boolean {
  const [, letters, padding] = /^([A-Za-z0-9+/]+)(={0,2})$/.exec(text) ?? [];
  if (letters === undefined || padding === undefined) return false;
  const remainder = letters.length % 4;
  return padding === '' ? remainder !== 1 : padding.length === 4 - remainder;
}

/** RFC 6749 appendix B; undefined for what does not decode to visible ASCII and spaces (appendix A). */
function formDecoded(text: string): string | undefined {
  if (/^[\x20-\x24\x26-\x2a\x2c-\x7e]*$/.test(text)) return text;
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', '%20'));
    return /^[\x20-\x7e]*$/.test(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

function sameId(named: string | undefined, id: string): string {
  if (named !== undefined && named !== id) throw invalidRequest('client_id mismatch', 'parameter_invalid');
  return id;
}

/** RFC 9700 §2.6: pages of other origins than the client's own may not use its endpoints. An app's scheme has no origin. */
export function refuseForeignOrigin(request: EndpointRequest, { metadata }: KnownClient): void {
  const { origin } = request.request.headers;
  if (!origin) return;
  const isOwn = (uri: string) => URL.canParse(uri) && origin !== 'null' && new URL(uri).origin === origin;
  if (metadata.redirect_uris.some(isOwn)) return;
  request.isForeignOrigin = true;
  throw invalidRequest('the client may not be used from this origin', 'origin_not_allowed');
}

async function prove(
  client: KnownClient,
  { secret, assertion }: Credentials,
  request: EndpointRequest,
  { clients, assertions }: AuthenticationParts,
): Promise<void> {
  const method = client.metadata.token_endpoint_auth_method;
  if (method === 'none' && secret === undefined && !assertion) return;
  if (method === 'private_key_jwt' && assertion) return assertions.check(assertion, client, request);
  const isSecretMethod = method === 'client_secret_basic' || method === 'client_secret_post';
  if (!isSecretMethod || secret === undefined) throw invalidClient('client_authentication_method');
  if (clients.hasSecret(client, secret)) return;
  const verdict = await clients.checkSecret(client.id, secret, request.signals.prefix);
  if (typeof verdict !== 'string') throw tooManyAttempts(verdict.throttledFor);
  if (verdict === 'wrong') throw invalidClient('client_secret_wrong');
}

/** The outcome of checking a client's secret. */
export type SecretVerdict = 'right' | 'wrong' | { readonly throttledFor: Seconds };

/** Blocked pairs of client and network that are remembered; the database knows the others. */
const maxBlocked = 10_000;

const keyOf = (clientId: string, network: string | null): string =>
  throttleKey('client-secret', clientId, network ?? '');

/** Reads documents that introduce clients. */
export interface ClientDocumentReader {
  /** Reads the document at this address of a host and keeps what it says; one of a client that is known comes before made-up ones. */
  renew(id: string, host: string, isKnown: boolean): Promise<void>;
}

/** Clients as the protocol layer may see them: disabled ones do not exist, and secrets cannot be guessed at leisure. */
export class ClientDirectory {
  readonly #blockedUntil = new Map<string, Instant>();

  constructor(
    private readonly registry: Registry,
    private readonly throttle: Throttle,
    private readonly clock: Clock,
    private readonly failures: ThrottleLimit,
    /** Absent where documents introduce nobody. */
    private readonly documents?: ClientDocumentReader,
  ) {}

  /**
   * The client that a person is to be asked for: as `find`, but the document of one whose id is an address is read where it is not known, or
   * fresh no more. If it cannot be read, there is no such client.
   */
  async findToAsk(id: string): Promise<KnownClient | undefined> {
    const host = this.documents && documentHost(id);
    if (!this.documents || !host) return this.find(id);
    const known = await this.registry.client(id);
    if (known && (known.disabledAt !== null || this.#isFresh(known))) return this.find(id);
    await this.documents.renew(id, host, known !== null);
    const renewed = await this.registry.reread(id);
    return renewed && renewed.disabledAt === null && this.#isFresh(renewed) ? renewed : undefined;
  }

  #isFresh({ documentFreshUntil }: KnownClient): boolean {
    return documentFreshUntil !== undefined && !isPast(documentFreshUntil, this.clock.now());
  }

  /** The client, or undefined when unknown, disabled or deleted. */
  async find(id: string): Promise<KnownClient | undefined> {
    if (!this.documents && documentHost(id) !== null) return undefined;
    const client = await this.registry.client(id);
    return client && client.disabledAt === null ? client : undefined;
  }

  /** The API that a resource indicator names (RFC 8707), or undefined. An audience that is spelled exactly so comes before all others. */
  async resource(indicator: string): Promise<KnownResource | undefined> {
    const exact = await this.registry.resource(indicator);
    if (exact) return exact;
    for (const spelling of otherSpellings(indicator)) {
      const other = await this.registry.resource(spelling);
      if (other) return other;
    }
    return undefined;
  }

  /**
   * Whether this is one of the client's active secrets, in constant time. A no is not counted here: the caller MUST go on to
   * `checkSecret` then.
   */
  hasSecret(client: KnownClient, presented: string): boolean {
    return verifySecret(client, presented, this.clock.now());
  }

  /**
   * Compares a secret in constant time. Wrong ones are counted by client and network, for all nodes together, and after too many
   * of them the network has to wait. The right secret is always right: it has 256 random bits, so refusing it would keep no
   * guess out, only the client whose neighbour guesses.
   */
  async checkSecret(clientId: string, presented: string, network: string | null): Promise<SecretVerdict> {
    const key = keyOf(clientId, network);
    const now = this.clock.now();
    if (verifySecret((await this.find(clientId)) ?? null, presented, now)) return 'right';
    const blockedUntil = this.#blockedUntil.get(key);
    if (blockedUntil !== undefined && !isPast(blockedUntil, now))
      return { throttledFor: secondsUntil(blockedUntil, now) };
    const verdict = await this.throttle.take(key, this.failures);
    if (verdict.allowed) return 'wrong';
    this.#block(key, plus(now, verdict.retryAfter));
    return { throttledFor: verdict.retryAfter };
  }

  #block(key: string, until: Instant): void {
    this.#blockedUntil.delete(key);
    if (this.#blockedUntil.size >= maxBlocked)
      this.#blockedUntil.delete(this.#blockedUntil.keys().next().value!);
    this.#blockedUntil.set(key, until);
  }
}
