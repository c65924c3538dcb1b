import type { EndReason } from './end-reasons.js';

/**
 * How far an end reaches: the session alone; the browser it came of, with everything that browser signed in; or everything of the account.
 * From the least to the most.
 */
export const endReaches = ['session', 'browser', 'account'] as const;

/** One of those reaches. */
export type EndReach = (typeof endReaches)[number];

/** What a browser has to show, once a session of it has ended, before another session begins without a page. */
export type SilentReturn =
  /** Nothing more than before: its sign-in still answers. */
  | 'allowed'
  /** Proof of the person wherever the policy of the ended session, or a stricter one, applies. */
  | 'proof_under_that_policy'
  /** Proof of the person at the client whose sessions all ended. */
  | 'proof_at_that_client'
  /** Proof of the person, whatever is asked: the browser is signed out. */
  | 'proof';

/** One row of the table of reach: what an end for this reason takes along, and why so far and no further. */
export interface ReachRow {
  /** The reach of an end that names a session; `by_policy`: as `onReuse` says. */
  readonly reach: EndReach | 'by_policy';
  /** Everything it ends, in words. */
  readonly ends: string;
  readonly silentReturn: SilentReturn;
  readonly why: string;
}

const ofTheClock = (why: string): ReachRow => ({
  reach: 'session',
  ends: 'the session',
  silentReturn: 'proof_under_that_policy',
  why,
});

const sessionAlone = (why: string, ends = 'the session'): ReachRow => ({
  reach: 'session',
  ends,
  silentReturn: 'allowed',
  why,
});

const wholeBrowser = (why: string): ReachRow => ({
  reach: 'browser',
  ends: 'the session, its browser, and everything else that browser signed in',
  silentReturn: 'proof',
  why,
});

const wholeAccount = (why: string): ReachRow => ({
  reach: 'account',
  ends: 'all sessions and browsers of the account',
  silentReturn: 'proof',
  why,
});

const wholeClient = (why: string): ReachRow => ({
  reach: 'session',
  ends: 'all sessions of the client, and no browser',
  silentReturn: 'proof_at_that_client',
  why,
});

const byRisk = wholeBrowser(
  'Tokens and cookie are kept side by side; whoever has taken one may have the other.',
);

/** How far an end reaches, for each reason. The compiler asks for a row when a reason is added. */
export const endReach: { readonly [Reason in EndReason]: ReachRow } = {
  inactivity_timeout: ofTheClock(
    'Nobody showed that the person is still there; a request without a page does not show it either.',
  ),
  absolute_lifetime: ofTheClock(
    'The policy bounds the time since the person proved who they are, and a new session does not move that.',
  ),
  refresh_token_reuse: {
    reach: 'by_policy',
    ends: 'the session; with `onReuse: browser` also its browser and everything else that browser signed in; with `account` everything of the account',
    silentReturn: 'allowed',
    why: 'A stolen token is no stolen cookie, and most reuse is no theft; a policy may take the sterner view.',
  },
  code_reuse: sessionAlone('A code that leaked says nothing of the browser it was made in.'),
  revoked_by_client: sessionAlone('A client speaks for its own session (RFC 7009 §2).'),
  logout: {
    reach: 'session',
    ends: 'the browser with everything it signed in, except offline sessions; the session alone where the person signs out of one application only',
    silentReturn: 'proof',
    why: 'The person asked for it, and gave offline sessions leave to stay (ADR 17).',
  },
  ended_by_user: {
    reach: 'browser',
    ends: 'the browser with everything it signed in; offline sessions too, unless the person keeps them',
    silentReturn: 'proof',
    why: 'Whoever ends what they do not know, or have lost, wants that device to be out.',
  },
  ended_by_administrator: wholeBrowser(
    'An operator ends what is in wrong hands. `--only-this-session` narrows it; of a whole account it takes all browsers, of a whole client it asks for proof at that client.',
  ),
  password_changed: wholeAccount('Whoever knew the old password may have signed in with it anywhere.'),
  factor_changed: wholeAccount('A thief may have signed in while the factor was missing, or was theirs.'),
  account_disabled: wholeAccount('Nobody is left to be signed in.'),
  account_deleted: wholeAccount('Nobody is left to be signed in.'),
  client_disabled: wholeClient('The client is in question, and the people are not.'),
  client_deleted: wholeClient('The client is in question, and the people are not.'),
  consent_withdrawn: sessionAlone(
    'The person takes back what one application may do; it asks them again before it may.',
    'the sessions of that application',
  ),
  session_limit: sessionAlone('The person is welcome, only not so many times.', 'the oldest session'),
  policy_changed: {
    ...wholeClient('What changed are the rules, and a person who signs in anew is under the new ones.'),
    ends: 'the sessions that may not go on, and no browser',
  },
  risk_ip: byRisk,
  risk_device: byRisk,
  risk_tls_fingerprint: byRisk,
  attack_pattern: wholeBrowser(
    'As for a finding of risk; of a whole client it ends all sessions and asks for proof there.',
  ),
  restored_from_backup: {
    reach: 'account',
    ends: 'everything of everyone',
    silentReturn: 'proof',
    why: 'Nothing that the database says of before can be relied upon.',
  },
};

/** How far the end of a session reaches for this reason; `onReuse` is that of the policy the session is under. */
export function reachOf(reason: EndReason, onReuse: EndReach = 'session'): EndReach {
  const { reach } = endReach[reason];
  return reach === 'by_policy' ? onReuse : reach;
}
