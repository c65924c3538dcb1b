import type { RequestSignals, SessionPolicy } from '@curfew/session-policy';
import type { RefreshDecision } from '@curfew/session-policy/decisions';
import type { RefreshToken } from '@curfew/tokens';
import type { StoredSession } from './store/session-store.js';

/** A genuine refresh token with its session, as one read found it. */
export interface OpenedRefreshToken {
  readonly token: RefreshToken;
  /** As it truly stands: with the end a not-before gave it, and with activity not yet written. */
  readonly session: StoredSession;
  readonly matches: 'current' | 'previous' | 'none';
}

/** The client that presents the token, after the protocol layer authenticated it. */
export interface Presenter {
  readonly clientId: string;
  readonly keyThumbprint: string | null;
  readonly signals: RequestSignals;
}

/** The refresh that commits when the answer is known to be good; nothing has been written yet. */
export interface StagedRefresh {
  readonly kind: 'rotate' | 'keep' | 'replay' | 'sibling';
  readonly session: StoredSession;
  readonly policy: SessionPolicy;
  /** The token to hand out; a sibling gets none. `commit` may replace it, where another request rotated first. */
  readonly refreshToken: string | undefined;
  readonly commit: () => Promise<CommittedRefresh>;
}

/** The outcome of a commit: the token that is really the live one, none for a sibling, or the decision that refuses after all. */
export type CommittedRefresh =
  | { readonly kind: 'committed'; readonly refreshToken: string | undefined }
  | { readonly kind: 'refused'; readonly decision: RefusedRefresh };

/** A decision that hands out nothing. */
export type RefusedRefresh = Extract<RefreshDecision, { kind: 'refuse' | 'end' | 'step_up' }>;

/** The outcome of a presentation. */
export type RefreshOutcome =
  | { readonly kind: 'staged'; readonly staged: StagedRefresh }
  | { readonly kind: 'refused'; readonly decision: RefusedRefresh };

/** The session is being changed by too many requests at once; nothing was consumed. */
export class RefreshContention extends Error {
  override readonly name = 'RefreshContention';
}
