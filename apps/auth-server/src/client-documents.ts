import { isDeepStrictEqual } from 'node:util';
import { type Client, type ClientRegistration } from '@curfew/clients';
import { type ClientHosts, maxClientsOfHost, readClientDocument } from '@curfew/clients/client-documents';
import { type Author, changeClient, OperationParts, registerClient } from '@curfew/operations';
import { type Instant, seconds } from '@curfew/session-policy';
import { RateBuckets } from '@curfew/token-endpoint';
import { freshUntil, limitedText, type outboundFetch, scopesByHand } from '@curfew/token-endpoint/client';

/** Bytes that a document has at most (draft-ietf-oauth-client-id-metadata-document §6.6). */
const maxDocumentBytes = 5 * 1024;
/** Seconds for which a document is fresh, however long its headers say. */
const fresh = { least: 30, most: 86_400 };
/** Documents that are asked for at once by this node, and how many of them may be of clients that nobody knows yet. */
const maxUnderWay = { all: 16, unknown: 8 };
/** Documents of one host that this node asks for within a minute for clients that nobody knows yet: made-up addresses cost no more than that. */
const perHost = { count: 60, window: seconds(60) };
/** How often it asks within a minute for the document of one client that is known. */
const perClient = { count: 10, window: seconds(60) };

const isJson = (type: string | null): boolean =>
  /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type ?? '');

/**
 * Clients whose id is the address of a document about them. A document of an allowed host is read when a person is to be asked for its
 * client, and kept as a client like every other. A document that cannot be read changes nothing, and nothing of it is kept.
 */
export class ClientDocuments {
  readonly #underWay = new Map<string, { readonly isKnown: boolean; readonly renewal: Promise<void> }>();
  readonly #ofHosts = new RateBuckets(perHost);
  readonly #ofClients = new RateBuckets(perClient);

  constructor(
    private readonly parts: OperationParts,
    private readonly hosts: ClientHosts,
    private readonly fetch: ReturnType<typeof outboundFetch>,
    private readonly report: (error: unknown, id: string) => void,
  ) {}

  /**
   * Reads the document at this address again, if its host is allowed; requests for the same one wait for one answer. Strangers who ask for
   * made-up addresses of the host use up neither the rate of a client that is known nor all places.
   */
  async renew(id: string, host: string, isKnown: boolean): Promise<void> {
    const allowed = await this.hosts.find(host);
    if (!allowed) return;
    const underWay = this.#underWay.get(id);
    if (underWay) return underWay.renewal;
    if (!this.#hasPlace(isKnown) || !this.#isInTime(id, host, isKnown)) return;
    const renewal = this.#read(id, host)
      .catch((error: unknown) => this.report(error, id))
      .finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, { isKnown, renewal });
    return renewal;
  }

  #hasPlace(isKnown: boolean): boolean {
    if (this.#underWay.size >= maxUnderWay.all) return false;
    return isKnown || [...this.#underWay.values()].filter((one) => !one.isKnown).length < maxUnderWay.unknown;
  }

  #isInTime(id: string, host: string, isKnown: boolean): boolean {
    const now = this.parts.clock.now();
    return (isKnown ? this.#ofClients.take(id, now) : this.#ofHosts.take(host, now)) === null;
  }

  async #read(id: string, host: string): Promise<void> {
    const { prisma, clock } = this.parts;
    const response = await this.fetch(id, { headers: { accept: 'application/json' } });
    if (response.status !== 200 || !isJson(response.headers.get('content-type'))) {
      await response.body?.cancel();
      throw new TypeError(`the document was answered with ${response.status}, or is not JSON`);
    }
    const text = await limitedText(response, maxDocumentBytes);
    const until = freshUntil(response.headers, clock.now(), fresh);
    await prisma.$transaction(async (tx) => {
      // Held: a host that is revoked meanwhile introduces nobody.
      const allowed = await this.hosts.hold(host, tx);
      if (!allowed) return;
      const registration = readClientDocument(text, id, { ...allowed, withheld: scopesByHand });
      await this.#keep(id, host, registration, until, tx);
    });
  }

  async #keep(
    id: string,
    host: string,
    registration: ClientRegistration,
    until: Instant,
    tx: Parameters<ClientHosts['hold']>[1],
  ): Promise<void> {
    const { clients } = this.parts;
    const author: Author = { by: { kind: 'client', id, ip: null } };
    const known = await clients.find(id, tx);
    if (!known) {
      if ((await this.hosts.clientsOf(host, tx)).length >= maxClientsOfHost)
        throw new RangeError(`${host} has introduced as many clients as are remembered`);
      await registerClient(this.parts, registration, { id, author: () => author }, tx);
    } else if (differs(known.client, registration)) {
      const change = { scope: null, ...registration };
      await changeClient(this.parts, { id, change, version: known.client.version }, author, tx);
    }
    await clients.keepDocument(id, until, tx);
  }
}

const differs = ({ name, metadata }: Client, { client_name, ...asked }: ClientRegistration): boolean => {
  const kept = Object.fromEntries(
    Object.keys({ scope: undefined, ...asked }).map((member) => [
      member,
      metadata[member as keyof typeof metadata],
    ]),
  );
  return name !== client_name || !isDeepStrictEqual(kept, { scope: undefined, ...asked });
};
