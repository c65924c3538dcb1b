import { CurfewError } from './curfew-error.js';
import type { Settings } from './options.js';
import { momentAgo, passedSince } from './passed-time.js';
import { proofOf } from './proof.js';
import type { SessionKeeper } from './session-keeper.js';
import { type BoundTokens, isSamePerson } from './tokens.js';

/** Between two refreshes because of a refusal, in one tab: an API that refuses every token must not have one after the other made. */
const pauseMs = 5_000;

/** Whether a URL is one of `apis` or lies below it. */
function isApi(url: string, apis: readonly string[]): boolean {
  const { origin, pathname } = new URL(url);
  return apis.some((one) => {
    const api = new URL(one, location.href);
    const folder = api.pathname.endsWith('/') ? api.pathname : `${api.pathname}/`;
    return origin === api.origin && (pathname === api.pathname || pathname.startsWith(folder));
  });
}

/** Requests to APIs, with a token and a proof for each (RFC 9449 §7). */
export class ApiRequests {
  readonly #nonces = new Map<string, string>();
  #renewed = momentAgo(pauseMs);

  constructor(
    private readonly settings: Settings,
    private readonly keeper: SessionKeeper,
  ) {}

  /** As the global `fetch`. Asks again with the nonce of the API, and once with a new token. @throws CurfewError */
  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const { apis } = this.settings;
    if (!isApi(request.url, apis))
      throw new CurfewError(
        'foreign_api',
        `${new URL(request.url).origin} is none of the apis: ${apis.join(', ')}`,
      );
    const bound = await this.keeper.usable();
    const response = await this.#withNonce(request, bound);
    const next =
      response.status === 401 && !needsProof(response) ? await this.#renewedAfter(bound) : undefined;
    if (!next) return response;
    void response.body?.cancel();
    return this.#withNonce(request, next);
  }

  /** Other tokens of the same person than those that were refused; undefined where there are none now. */
  async #renewedAfter({ tokens: refused }: BoundTokens): Promise<BoundTokens | undefined> {
    if (this.keeper.tokens === refused) {
      if (passedSince(this.#renewed) < pauseMs) return undefined;
      this.#renewed = momentAgo();
    }
    const next = await this.keeper.usable(refused).catch(() => undefined);
    // A request of one person is never made again as another one, who may have signed in meanwhile.
    return next && isSamePerson(next.tokens, refused) ? next : undefined;
  }

  /** RFC 9449 §9: as often as the API has another nonce to offer, within bounds. */
  async #withNonce(request: Request, bound: BoundTokens, attempts = 3): Promise<Response> {
    const { origin } = new URL(request.url);
    const known = this.#nonces.get(origin);
    const response = await this.#once(request, bound, known);
    const isForNonce = response.status === 401 && /use_dpop_nonce/.test(challengeOf(response));
    const isNew = this.#nonces.get(origin) !== known;
    if (!isForNonce || !isNew || attempts === 1) return response;
    void response.body?.cancel();
    return this.#withNonce(request, bound, attempts - 1);
  }

  async #once(request: Request, { tokens, key }: BoundTokens, nonce: string | undefined): Promise<Response> {
    const { method, url } = request;
    const headers = new Headers(request.headers);
    headers.set('Authorization', `DPoP ${tokens.accessToken}`);
    headers.set('DPoP', await proofOf(key, { method, url, nonce, accessToken: tokens.accessToken }));
    // The body of a request is read once, so each attempt gets a copy.
    const response = await fetch(new Request(request.clone(), { headers }));
    const next = response.headers.get('DPoP-Nonce');
    if (next) this.#nonces.set(new URL(url).origin, next);
    return response;
  }
}

const challengeOf = ({ headers }: Response): string => headers.get('WWW-Authenticate') ?? '';

/** RFC 9470 §3: a new token of the same sign-in would be refused as well. */
const needsProof = (response: Response): boolean =>
  /insufficient_user_authentication/.test(challengeOf(response));
