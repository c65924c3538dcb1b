/** The cause of a sign-in in between: the session is over, or an act needs a recent authentication (RFC 9470). */
export type SignInCause = 'session_over' | 'step_up';

interface Waiting {
  readonly cause: SignInCause;
  readonly settle: (signedIn: boolean) => void;
}

const listeners = new Set<() => void>();
let waiting: readonly Waiting[] = [];

function setWaiting(next: readonly Waiting[]): void {
  waiting = next;
  for (const listener of listeners) listener();
}

/** Waits until the person has signed in again in a window of its own (true), or does not want to (false). */
export const signInAgain = (cause: SignInCause): Promise<boolean> =>
  new Promise((settle) => setWaiting([...waiting, { cause, settle }]));

/** For the dialog that asks: requests that wait are answered together. */
export const waitingForSignIn = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  cause: (): SignInCause | undefined => waiting[0]?.cause,
  settle(signedIn: boolean): void {
    const settled = waiting;
    setWaiting([]);
    for (const { settle } of settled) settle(signedIn);
  },
};

/** The channel on which the window of a sign-in reports to the others of this origin. */
export const signInChannel = 'curfew-console-signed-in';

/** The page that this window ends at; the gateway leads to a sign-in before it. */
export const signedInPage = '/console/signed-in';

/** The cause of a refusal that a sign-in mends; undefined for every other answer. */
export function causeOf({ status, headers }: Response): SignInCause | undefined {
  if (status !== 401) return undefined;
  const challenge = headers.get('WWW-Authenticate') ?? '';
  return challenge.includes('insufficient_user_authentication') ? 'step_up' : 'session_over';
}
