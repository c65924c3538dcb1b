import { ApiRequests } from './api-requests.js';
import { CurfewError } from './curfew-error.js';
import { type CurfewClocks, type CurfewWarning, DeadlineWatch } from './deadline-watch.js';
import { type CurfewOptions, settingsOf } from './options.js';
import { SessionKeeper } from './session-keeper.js';
import type { CurfewSignIn } from './sign-in.js';
import type { CurfewEndReason } from './tabs.js';

/** The state of the page. The object is another one after each change, and only then. */
export type CurfewState =
  | { readonly status: 'starting' }
  | {
      readonly status: 'signed_out';
      /** The reason for which the session ended, where this page saw it end. */
      readonly end?: CurfewEndReason;
      /** The fault of a sign-in that came back. */
      readonly error?: CurfewError;
    }
  | {
      readonly status: 'signed_in';
      /** The claims of the ID token, such as `sub`. */
      readonly claims: Readonly<Record<string, unknown>>;
      readonly scope: string;
      /** Set from the moment on at which the person is to be warned. */
      readonly warning?: CurfewWarning;
      /** The fault of a sign-in that came back, such as a step-up that the person refused. The session before it stands. */
      readonly error?: CurfewError;
    };

/** The events of a Curfew, with what their listeners are given. */
export interface CurfewEvents {
  readonly change: CurfewState;
  readonly warning: CurfewWarning;
  readonly ended: CurfewEndReason;
}

type Listeners = { readonly [Name in keyof CurfewEvents]: Set<(given: CurfewEvents[Name]) => void> };

/** The sign-in of one client in one page, together with all other tabs of its origin. */
export class Curfew {
  /** Resolves once it is known whether somebody is signed in. It never rejects. */
  readonly ready: Promise<CurfewState>;
  readonly #listeners: Listeners = { change: new Set(), warning: new Set(), ended: new Set() };
  readonly #keeper: SessionKeeper;
  readonly #requests: ApiRequests;
  readonly #watch: DeadlineWatch;
  readonly #postLogoutRedirectUri: string;
  readonly #clientId: string;
  #state: CurfewState = { status: 'starting' };
  #fault: CurfewError | undefined;

  /** @throws CurfewError */
  constructor(options: CurfewOptions) {
    const settings = settingsOf(options);
    this.#clientId = settings.clientId;
    this.#postLogoutRedirectUri = settings.postLogoutRedirectUri;
    this.#keeper = new SessionKeeper(settings, {
      changed: () => this.#changed(),
      ended: (reason) => this.#ended(reason),
    });
    this.#requests = new ApiRequests(settings, this.#keeper);
    this.#watch = new DeadlineWatch(settings, this.#keeper, (warning) => this.#warned(warning));
    this.ready = this.#start();
  }

  get state(): CurfewState {
    return this.#state;
  }

  /** The clocks of the session as they stand now, in seconds; undefined while none are known. To look at them is no activity. */
  get clocks(): CurfewClocks | undefined {
    return this.#watch.clocks;
  }

  /** Listens to an event; the function that is returned stops it. */
  on<Name extends keyof CurfewEvents>(name: Name, listener: (given: CurfewEvents[Name]) => void): () => void {
    this.#listeners[name].add(listener);
    return () => void this.#listeners[name].delete(listener);
  }

  /** Leaves the page for the sign-in, which leads back to `returnTo`. @throws CurfewError */
  async signIn(options: CurfewSignIn = {}): Promise<void> {
    location.assign(await this.#keeper.signInAddress(options));
  }

  /** As the global `fetch`, with a token for the addresses in `apis`. @throws CurfewError with the code `signed_out` */
  readonly fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    await this.ready;
    return this.#requests.fetch(input, init);
  };

  /** Puts the idle end off for somebody who asked for it. @throws CurfewError */
  staySignedIn(): Promise<void> {
    return this.#keeper.stay();
  }

  /** Asks the server now whether the session stands; no activity. @throws CurfewError */
  check(): Promise<void> {
    return this.#keeper.check();
  }

  /** Ends the session, in all tabs, and leaves the page for the sign-out of the browser (OpenID Connect RP-Initiated Logout). */
  async signOut(): Promise<void> {
    const address = await this.#keeper.server.metadata().then(
      ({ end_session_endpoint: endpoint }) => new URL(endpoint),
      () => undefined,
    );
    await this.#keeper.signOut();
    if (!address) return;
    address.searchParams.set('client_id', this.#clientId);
    const after = this.#postLogoutRedirectUri;
    if (after) address.searchParams.set('post_logout_redirect_uri', after);
    location.assign(address.href);
  }

  async #start(): Promise<CurfewState> {
    try {
      await this.#keeper.start();
    } catch (cause) {
      this.#fault =
        cause instanceof CurfewError ? cause : new CurfewError('unexpected_answer', 'the start has failed');
    }
    const error = this.#fault;
    if (this.#state.status === 'starting') this.#set({ status: 'signed_out', ...(error && { error }) });
    else this.#changed();
    return this.#state;
  }

  #changed(): void {
    const { tokens } = this.#keeper;
    if (!tokens) return;
    const { claims, scope } = tokens;
    const { warning } = this.#watch;
    const error = this.#fault;
    const now = this.#state;
    const isSame =
      now.status === 'signed_in' &&
      now.claims['sub'] === claims['sub'] &&
      now.claims['sid'] === claims['sid'] &&
      now.scope === scope &&
      now.warning === warning &&
      now.error === error;
    if (!isSame)
      this.#set({ status: 'signed_in', claims, scope, ...(warning && { warning }), ...(error && { error }) });
    this.#watch.look();
  }

  #warned(warning: CurfewWarning | undefined): void {
    this.#changed();
    if (warning) this.#emit('warning', warning);
  }

  #ended(end: CurfewEndReason): void {
    this.#fault = undefined;
    this.#set({ status: 'signed_out', end });
    this.#emit('ended', end);
    this.#watch.look();
  }

  #set(state: CurfewState): void {
    this.#state = state;
    this.#emit('change', state);
  }

  #emit<Name extends keyof CurfewEvents>(name: Name, given: CurfewEvents[Name]): void {
    for (const listener of [...this.#listeners[name]]) listener(given);
  }
}

/** Makes the one Curfew of a page. It takes up the session of this origin, or completes the sign-in that came back. @throws CurfewError */
export const createCurfew = (options: CurfewOptions): Curfew => new Curfew(options);
