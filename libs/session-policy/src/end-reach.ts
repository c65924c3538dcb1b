/**
 * How far an end reaches: the session alone; the browser it came of, with everything that browser signed in; or everything of the account.
 * From the least to the most.
 */
export const endReaches = ['session', 'browser', 'account'] as const;

/** One of those reaches. */
export type EndReach = (typeof endReaches)[number];

/** The proof that a browser has to show, once a session of it has ended, before another session begins without a page. */
export type SilentReturn =
  /** Nothing more than before: its sign-in still answers. */
  | 'allowed'
  /** Proof of the person wherever the policy of the ended session, or a stricter one, applies. */
  | 'proof_under_that_policy'
  /** Proof of the person at the client whose sessions all ended. */
  | 'proof_at_that_client'
  /** Proof of the person, whatever is asked: the browser is signed out. */
  | 'proof';

/** One row of the table of reach: the sessions that an end for this reason takes along, and why it goes that far and no further. */
export interface ReachRow {
  /** The reach of an end that names a session; `by_policy`: as `onReuse` says. */
  readonly reach: EndReach | 'by_policy';
  /** Everything it ends, in words. */
  readonly ends: string;
  readonly silentReturn: SilentReturn;
  readonly why: string;
}
