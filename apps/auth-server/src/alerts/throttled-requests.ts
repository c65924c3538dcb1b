import type { IncomingMessage, ServerResponse } from 'node:http';
import { ThrottledNetworks, WatchStore } from '@curfew/events/alerts';
import type { Foundation } from '@curfew/foundation';
import type { SignalsReader } from '@curfew/signals';
import { routes } from '@curfew/token-endpoint';
import { ProblemError, sendProblem } from '@curfew/web';
import { isForClients, refuseClient } from '../client-refusal.js';
import { type Kept, KeptRows } from '../kept-rows.js';

/** Endpoints that take tokens, codes and passwords; throttled networks can still read metadata and sign out. */
const guarded: ReadonlySet<string> = new Set([
  routes.authorization,
  routes.token,
  routes.revocation,
  routes.userinfo,
  routes.device_authorization,
  routes.code_verification,
  routes.pushed_authorization_request,
]);
/** Answers 429 to requests from networks that an alert holds back. Introspection is not among them: it is asked by our own APIs. */
export class ThrottledRequests implements Kept {
  readonly #rows: KeptRows;

  private constructor(
    private readonly networks: ThrottledNetworks,
    private readonly signals: SignalsReader,
  ) {
    this.#rows = new KeptRows(() => networks.load());
  }

  /** Knows at once what earlier alerts hold back. */
  static async over({ prisma, clock, signals }: Foundation): Promise<ThrottledRequests> {
    const networks = new ThrottledNetworks(new WatchStore(prisma), clock);
    await networks.load();
    return new ThrottledRequests(networks, signals);
  }

  load(): Promise<void> {
    return this.#rows.load();
  }

  /** Answers the request, to a path below the issuer, if it comes from such a network; says whether it did. */
  refused(request: IncomingMessage, response: ServerResponse, path: string, id: string): boolean {
    if (!this.networks.any || !(guarded.has(path) || path.startsWith('/interaction/'))) return false;
    const { headers, socket } = request;
    const { ip, prefix } = this.signals.read({ socketAddress: socket.remoteAddress, headers });
    const wait = this.networks.wait([prefix, ip]);
    if (wait === null) return false;
    request.resume();
    if (isForClients(path)) refuseClient(response, heldBack(wait));
    else sendProblem(response, heldBack(wait), id);
    return true;
  }
}

const heldBack = (retryAfter: number) =>
  new ProblemError({
    status: 429,
    code: 'throttled',
    exactCause: 'too_many_requests',
    title: 'Too many requests from this network',
    detail: 'Try again later.',
    retryAfter,
  });
