import type { ProvedPresence } from '@curfew/artifacts';
import { earliest, type Instant } from '@curfew/session-policy';
import { currentScope } from '../request-scope.js';

/** The proof of this account that led to the request, if there is one. */
export function proofOf(accountId: string): ProvedPresence | undefined {
  const { proof } = currentScope().staged;
  return proof?.accountId === accountId ? proof : undefined;
}

/**
 * The instant at which the sign-in of an account in a browser ends at the latest, where another identity provider has bounded it
 * (`session_expiry`, IPSIE SL1 §3.2.1); null where none has. A proof that begins a new sign-in brings its own bound; one that a sign-in
 * goes on with may shorten it, and nothing makes it longer.
 */
export function boundOf(uid: string, accountId: string): Instant | null {
  const found = currentScope().staged.foundBrowserSession(uid);
  const before = found?.payload.accountId === accountId ? found : undefined;
  const proof = proofOf(accountId);
  const brought = proof?.upstream?.endsAt ?? null;
  const isNew = proof !== undefined && (!before?.signIn || proof.at > before.signIn.signedInAt);
  const kept = isNew ? null : (before?.payload.notAfterMs ?? null);
  if (kept === null || brought === null) return kept ?? brought;
  return earliest(kept, brought);
}
