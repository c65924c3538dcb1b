import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { Consent } from '@curfew/accounts';
import { StagedWrites } from '@curfew/artifacts';
import type { KnownClient } from '@curfew/clients';
import type { Instant, RequestSignals, SessionPolicy } from '@curfew/session-policy';
import type { ServiceParts } from '@curfew/token-endpoint';

/**
 * The reads of one request and the changes that it is about to make. Hooks and adapters write here; nothing reaches the database before the
 * whole answer is known, when `writeStaged` carries it out (or drops it).
 */
export interface RequestScope {
  /** Read once, when the request arrived. */
  readonly now: Instant;
  readonly signals: RequestSignals;
  /** The artifacts and browser sessions that were read, and the writes to them. */
  readonly staged: StagedWrites;
  /** The earlier consent of the person to this client, once it was read. */
  consent?: { readonly accountId: string; readonly clientId: string; readonly given: Consent | null };
  /** The client, where it has authenticated. */
  readonly client?: KnownClient;
  /** The nonce that the answer offers to a client that showed a proof (RFC 9449 §8.2). */
  readonly nextNonce?: string | undefined;
  /** The policy of everyone, once a browser session has been judged by it. */
  everyones?: SessionPolicy;
  /** Set where a person acts: they have signed in, consented, or submitted a form of their own pages. */
  isAct?: boolean;
  /** The id in the cookie of this browser, whether or not its session still stands. */
  browserId?: string;
  /** The id of the browser session that is getting a new one, at a sign-in outside of the library's routes. */
  renewedFrom?: string;
  /** The uid of the browser session that this request has saved for somebody who signed in. */
  signedInWith?: string;
  /** The language of the page on which the person of this request has proved who they are, in it or in the one that led here. */
  language?: string | undefined;
  /** The interaction that this request has answered and goes on from in the same answer. */
  resumes?: string;
  /** The client of the interaction that this request goes on with. */
  goesOnFor?: string;
  /** Gives the consent of this request once more, where the one it read had changed when it was written. */
  consentAgain?: () => Promise<unknown>;
  /** The error behind a 5xx, for the answer's status and the log. */
  failure?: unknown;
}

type SignalSource = Parameters<ServiceParts['signals']['read']>[0];

/** The scope of a request that has just arrived; its signals are read when somebody asks for them, of the address it came from. */
class ArrivedRequest implements RequestScope {
  readonly now: Instant;
  readonly #from: SignalSource;
  #signals: RequestSignals | undefined;

  constructor(
    { socket, headers }: IncomingMessage,
    clock: ServiceParts['clock'],
    private readonly reader: ServiceParts['signals'],
    readonly staged: StagedWrites,
  ) {
    this.now = clock.now();
    this.#from = { socketAddress: socket.remoteAddress, headers };
  }

  get signals(): RequestSignals {
    this.#signals ??= this.reader.read(this.#from);
    return this.#signals;
  }
}

/** A scope for a request that has just arrived. */
export const requestScope = (
  request: IncomingMessage,
  { clock, signals }: Pick<ServiceParts, 'clock' | 'signals'>,
  staged = new StagedWrites(),
): RequestScope => new ArrivedRequest(request, clock, signals, staged);

/** The place at which all that runs for a request finds its scope, while the request is being answered. */
interface Holder {
  scope: RequestScope | undefined;
}

const holders = new AsyncLocalStorage<Holder>();

/**
 * Runs `work` with a scope of its own, and lets the scope go afterwards. Timers of connections are set in the name of whatever request came
 * over them and outlive it by far; with the scope they would keep all that was read for it.
 */
export async function withScope<T>(scope: RequestScope, work: () => T | Promise<T>): Promise<T> {
  const holder: Holder = { scope };
  try {
    return await holders.run(holder, work);
  } finally {
    holder.scope = undefined;
  }
}

/** The scope in which the library was asked, where somebody else began the request: our own checks, or a form's answer. */
export const begunScope = (): RequestScope | undefined => holders.getStore()?.scope;

/** The scope of the request being answered. Throws outside of one: that is a programming error. */
export function currentScope(): RequestScope {
  const scope = begunScope();
  if (!scope) throw new TypeError('the protocol layer was entered without a request scope');
  return scope;
}
