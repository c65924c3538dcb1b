import type { Portable, TokenSet, ToldClocks } from './tokens.js';
import type { VaultKeys } from './vault.js';

/** The reason for which this page is signed out. */
export type CurfewEndReason =
  /** Nobody did anything for too long. */
  | 'inactivity_timeout'
  /** The session reached its maximum age. */
  | 'absolute_lifetime'
  /** The person signed out, in this tab or in another one. */
  | 'signed_out'
  /** The session was ended elsewhere: on another device, by an operator, or by a change of the account. The server does not say which. */
  | 'ended_elsewhere'
  /** Somebody else signed in, in another tab. The page goes on as theirs. */
  | 'another_person'
  /** The session may go on after the person has proved again who they are. */
  | 'proof_required';

/** A message from one tab to the others. */
export type TabMessage =
  | { readonly kind: 'begun' | 'ask' }
  | { readonly kind: 'tokens'; readonly tokens: Portable<TokenSet>; readonly keys: VaultKeys }
  | { readonly kind: 'clocks'; readonly clocks: Portable<ToldClocks> }
  | { readonly kind: 'ended'; readonly session: string; readonly reason: CurfewEndReason };

/** The tabs of one origin and client: one of them at a time asks the server, and each hears what came of it. */
export class Tabs {
  readonly #channel: BroadcastChannel;
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly name: string,
    private readonly patienceMs: number,
    hear: (message: TabMessage) => void,
  ) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }: MessageEvent<TabMessage>) => {
      if (data.kind === 'begun') for (const waitOn of this.#waiting) waitOn();
      else hear(data);
    };
  }

  tell(message: TabMessage): void {
    this.#channel.postMessage(message);
  }

  /**
   * Does the work while no other tab does any. A tab that holds the place longer than patience lasts is frozen or gone, so its place is
   * taken: both may then ask with the same refresh token, which the server answers with the same successor.
   */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    const waiting = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let outcome: Promise<Result> | undefined;
    const waitOn = () => {
      clearTimeout(timer);
      // Not all at once: the first one that loses patience tells the others that it has begun.
      timer = setTimeout(() => waiting.abort(), this.patienceMs * (1 + Math.random() / 2));
    };
    const begin = () => {
      this.#waiting.delete(waitOn);
      clearTimeout(timer);
      this.tell({ kind: 'begun' });
      outcome = work();
      return outcome;
    };
    // The place may be taken away in the middle of the work, which then still comes to its end.
    const place = (options: LockOptions): Promise<Result> =>
      navigator.locks.request(this.name, options, begin).catch((error: unknown) => {
        if (outcome) return outcome;
        if (options.steal || !waiting.signal.aborted) throw error;
        return place({ steal: true });
      }) as Promise<Result>;
    this.#waiting.add(waitOn);
    waitOn();
    return place({ signal: waiting.signal });
  }
}
