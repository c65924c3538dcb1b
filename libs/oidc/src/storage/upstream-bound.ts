import type { FoundBrowserSession, ProvedPresence } from '@curfew/artifacts';
import { earliest, type Instant } from '@curfew/session-policy';
import type { BrowserSession } from '@curfew/session-policy/browser-sign-in';
import { currentScope } from '../request-scope.js';

/** The sign-in that the library has for a browser: whose it is, and the second of the proof (`auth_time`). */
interface LibrarySignIn {
  readonly accountId?: string | undefined;
  readonly loginTs?: number | undefined;
}

/** A browser session with the sign-in that goes on in it. */
interface GoingOn extends FoundBrowserSession {
  readonly signIn: BrowserSession;
}

/** The proof of this account that led to the request, if there is one. */
export function proofOf(accountId: string): ProvedPresence | undefined {
  const { proof } = currentScope().staged;
  return proof?.accountId === accountId ? proof : undefined;
}

/**
 * The browser session of this uid as it was read, where its sign-in goes on; undefined where a new one begins: it was another's, it rests on
 * another proof, or the person has proved anew who they are.
 */
export function goingOn(uid: string | undefined, { accountId, loginTs }: LibrarySignIn): GoingOn | undefined {
  const found = currentScope().staged.foundBrowserSession(uid);
  if (!found?.signIn || accountId === undefined) return undefined;
  const { payload, signIn } = found;
  if (payload.accountId !== accountId || payload.loginTs !== loginTs) return undefined;
  const proof = proofOf(accountId);
  return proof && proof.at > signIn.signedInAt ? undefined : { ...found, signIn };
}

/**
 * The instant at which a sign-in in a browser ends at the latest, where another identity provider has bounded it (`session_expiry`, IPSIE
 * SL1 §3.2.1); null where none has. A new sign-in brings its own bound; a proof that one goes on with may shorten it, and nothing makes it
 * longer.
 */
export function boundOf(uid: string | undefined, signIn: LibrarySignIn): Instant | null {
  const { accountId } = signIn;
  const kept = goingOn(uid, signIn)?.payload.notAfterMs ?? null;
  const brought = accountId === undefined ? null : (proofOf(accountId)?.upstream?.endsAt ?? null);
  if (kept === null || brought === null) return kept ?? brought;
  return earliest(kept, brought);
}
