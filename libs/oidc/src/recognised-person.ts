import type { Account, Consent, Settlement } from '@curfew/accounts';
import type { PasskeyUse } from '@curfew/accounts/factors';
import type { UpstreamOrigin } from '@curfew/artifacts';
import type { Instant } from '@curfew/session-policy';
import type { AuthenticationMethod } from '@curfew/session-policy/authentication';

/** How a person was recognised; `remember` keeps them signed in when the browser is closed. */
export interface RecognisedPerson {
  readonly accountId: string;
  /** The methods by which they proved it (RFC 8176). */
  readonly methods: readonly AuthenticationMethod[];
  /** When they gave the first of the proofs, where that was in an earlier request. */
  readonly provedAt?: Instant | undefined;
  /** The session at another identity provider that says so. */
  readonly upstream?: UpstreamOrigin | undefined;
  readonly remember?: boolean | undefined;
  /** The language of the page on which they proved it (RFC 5646). */
  readonly language?: string | undefined;
  /** The attempts that their password settles, if that is not written yet. */
  readonly settlement?: Settlement | undefined;
  /** The passkey that they showed, if its use is not recorded yet. */
  readonly passkeyUse?: PasskeyUse | undefined;
  /** Their account, and what it allows the client, where both were read with the proof. */
  readonly read?: { readonly account: Account; readonly clientId: string; readonly consent: Consent | null };
}
