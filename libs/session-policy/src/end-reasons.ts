import type { EndReach, ReachRow } from './end-reach.js';

/** All that is said of a reason: its meaning, who may give it, and how far its end reaches. */
export interface EndReasonEntry extends ReachRow {
  /** One sentence for operators and documentation. */
  readonly meaning: string;
  /** The initiator of the end where its event names nobody (CAEP 1.0 §2). */
  readonly initiator: 'admin' | 'user' | 'policy' | 'system';
  /** Whether an administrator may name it; the others are findings of the service itself. */
  readonly forAdministrators?: true;
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

const byRisk = wholeBrowser('Tokens and cookie are kept side by side; a thief of one may have the other.');

/**
 * Every way a session can end. Closed: the row, the event, the metric label, the operator's timeline, the admin API, the command line and the
 * documentation use these words.
 */
const table = {
  inactivity_timeout: {
    initiator: 'policy',
    meaning: 'Nothing that counts as activity happened for the inactivity timeout.',
    ...ofTheClock(
      'Nobody showed that the person is still there; a request without a page does not show it either.',
    ),
  },
  absolute_lifetime: {
    initiator: 'policy',
    meaning: 'The absolute lifetime since the sign-in is over, however active the session was.',
    ...ofTheClock(
      'The policy bounds the time since the person proved who they are, and a new session does not move that.',
    ),
  },
  refresh_token_reuse: {
    initiator: 'policy',
    meaning: 'A superseded refresh token was used, so two parties hold the lineage and one may be a thief.',
    reach: 'by_policy',
    ends: 'the session; with `onReuse: browser` also its browser and everything else that browser signed in; with `account` everything of the account',
    silentReturn: 'allowed',
    why: 'A stolen token is no stolen cookie, and most reuse is no theft; a policy may take the sterner view.',
  },
  code_reuse: {
    initiator: 'policy',
    meaning: 'The authorization code it started from was redeemed a second time.',
    ...sessionAlone('A code that leaked says nothing of the browser it was made in.'),
  },
  revoked_by_client: {
    initiator: 'user',
    meaning: 'The client revoked its refresh token (RFC 7009).',
    ...sessionAlone('A client speaks for its own session (RFC 7009 §2).'),
  },
  logout: {
    initiator: 'user',
    meaning: 'The person signed out in the browser the session belongs to.',
    reach: 'session',
    ends: 'the browser with everything it signed in, except offline sessions; the session alone where the person signs out of one application only',
    silentReturn: 'proof',
    why: 'The person asked for it, and gave offline sessions leave to stay (ADR 17).',
  },
  ended_by_user: {
    initiator: 'user',
    meaning: 'The person ended it on the page "your sessions".',
    reach: 'browser',
    ends: 'the browser with everything it signed in; offline sessions too, unless the person keeps them',
    silentReturn: 'proof',
    why: 'A person who ends a session that they do not know, or on a device they have lost, wants that device to be out.',
  },
  ended_by_administrator: {
    initiator: 'admin',
    meaning: 'An operator ended it.',
    forAdministrators: true,
    ...wholeBrowser(
      'An operator ends sessions that are in wrong hands. `--only-this-session` narrows it; an end of a whole account takes all browsers, and one of a whole client asks for proof at that client.',
    ),
  },
  ended_by_identity_provider: {
    initiator: 'system',
    meaning:
      'The identity provider with which the person had signed in said that their session there is over (OpenID Connect Back-Channel Logout, Shared Signals).',
    ...wholeBrowser(
      'The sign-in of the browser rests on the session there, and so does all that came of it.',
    ),
  },
  password_changed: {
    initiator: 'user',
    meaning: 'The password changed, and the policy ends other sessions then.',
    ...wholeAccount('Somebody who knew the old password may have signed in with it anywhere.'),
  },
  factor_changed: {
    initiator: 'user',
    meaning:
      'A second factor was set up, replaced or removed, or a person removed a link to another identity provider, and the policy ends other sessions then.',
    ...wholeAccount('A thief may have signed in while the factor was missing, or was theirs.'),
  },
  account_disabled: {
    initiator: 'admin',
    meaning: 'The account was disabled.',
    forAdministrators: true,
    ...wholeAccount('Nobody is left to be signed in.'),
  },
  account_deleted: {
    initiator: 'admin',
    meaning: 'The account was deleted.',
    forAdministrators: true,
    ...wholeAccount('Nobody is left to be signed in.'),
  },
  client_disabled: {
    initiator: 'admin',
    meaning: 'The client was disabled.',
    forAdministrators: true,
    ...wholeClient('The client is in question, and the people are not.'),
  },
  client_deleted: {
    initiator: 'admin',
    meaning: 'The client was deleted.',
    forAdministrators: true,
    ...wholeClient('The client is in question, and the people are not.'),
  },
  consent_withdrawn: {
    initiator: 'user',
    meaning: 'The person took back what they had allowed the client.',
    ...sessionAlone(
      'The person takes back what one application may do; it asks them again before it may.',
      'the sessions of that application',
    ),
  },
  session_limit: {
    initiator: 'policy',
    meaning: 'The account signed in once more than its policy allows, and this was the oldest session.',
    ...sessionAlone('The person is welcome, only not so many times.', 'the oldest session'),
  },
  policy_changed: {
    initiator: 'policy',
    meaning: 'An operator changed its policy or its client in a way that it may not go on under.',
    forAdministrators: true,
    ...wholeClient('Only the rules changed, and a person who signs in anew is under the new ones.'),
    ends: 'the sessions that may not go on, and no browser',
  },
  risk_ip: {
    initiator: 'policy',
    meaning: 'Its network changed in a way for which the policy ends sessions.',
    ...byRisk,
  },
  risk_device: {
    initiator: 'policy',
    meaning: 'Browser, operating system or device changed, and the policy ends sessions for that.',
    ...byRisk,
  },
  risk_tls_fingerprint: {
    initiator: 'policy',
    meaning: 'The TLS fingerprint changed, and the policy ends sessions for that.',
    ...byRisk,
  },
  attack_pattern: {
    initiator: 'policy',
    meaning:
      'A pattern that looks like an attack passed its threshold, and the configuration ends sessions for that.',
    ...wholeBrowser(
      'As for a finding of risk; an alert about a whole client ends all its sessions and asks for proof there.',
    ),
  },
  signal_received: {
    initiator: 'system',
    meaning:
      'Another service told that sessions, credentials or the account of the person there are no longer good (Shared Signals).',
    ...wholeAccount('It told of the person and of no one session, so all of theirs are in question.'),
  },
  restored_from_backup: {
    initiator: 'system',
    meaning: 'The database was restored, and whatever was authorized before cannot be trusted any more.',
    reach: 'account',
    ends: 'everything of everyone',
    silentReturn: 'proof',
    why: 'Nothing that the database says of before can be relied upon.',
  },
} as const satisfies Readonly<Record<string, EndReasonEntry>>;

/** Why a session ended; one of the closed list. */
export type EndReason = keyof typeof table;

/** Every reason, in the order they are documented. */
export const endReasons = Object.keys(table) as [EndReason, ...EndReason[]];

/**
 * A reason that a node of a newer version wrote while the nodes are replaced. That node carried out all that the end reaches; only the silent
 * return is left to this one, which asks for proof: a page too many costs a person a sign-in, and a page too few undoes the end.
 */
const ofANewerVersion: EndReasonEntry = {
  initiator: 'policy',
  meaning: 'The session ended.',
  reach: 'session',
  ends: 'the session',
  silentReturn: 'proof_at_that_client',
  why: 'This version cannot know how far the end reaches.',
};

/** All that is said of a reason, of whichever version it is. */
export const endReasonEntry = (reason: string): EndReasonEntry =>
  Object.hasOwn(table, reason) ? table[reason as EndReason] : ofANewerVersion;

/** Whether an administrator may name this reason. */
export const administratorMayUse = (reason: EndReason): boolean =>
  endReasonEntry(reason).forAdministrators === true;

/** How far the end of a session reaches for this reason; `onReuse` is that of the policy the session is under. */
export function reachOf(reason: EndReason, onReuse: EndReach = 'session'): EndReach {
  const { reach } = endReasonEntry(reason);
  return reach === 'by_policy' ? onReuse : reach;
}
