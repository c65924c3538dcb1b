import { type EndReason, endReasonEntry } from './end-reasons.js';
import { beginning, stepUpOutstanding } from './lifecycle.js';
import type { SessionPolicy } from './policy.js';
import type { Session, TimedSession } from './session.js';
import { decideAccess, type NotBefore } from './standing.js';
import { earliest, elapsedMs, type Instant, isPast, latest, type Seconds } from './time.js';

/**
 * A person signed in with one browser, as much of it as decisions need. `signedInAt` is when they last proved who they are;
 * `lastActiveAt` is the last thing they did, on a page or with a session that came of this browser.
 */
export interface BrowserSession extends TimedSession {
  /** When risk last demanded a step-up of a session that came of this browser and has had none since; null where none is outstanding. */
  readonly stepUpRequiredAt: Instant | null;
  /**
   * The longest inactivity timeout of a session that came of this browser and ended by it since the person's proof, and that its client
   * has not replaced by a later one which still stands; null where there is none.
   */
  readonly silentFor: Seconds | null;
  /** Clients of sessions that came of this browser, all of whose sessions were ended since the person's proof. */
  readonly endedClients: readonly string[];
}

/** The authorization request that a browser's sign-in is to answer. */
export interface AskedSignIn {
  readonly clientId: string;
  /** `max_age` (OpenID Connect Core §3.1.2.1), null where none was asked. */
  readonly maxAge: Seconds | null;
  /** Whether the person has proved who they are for this very request: that is as fresh as it gets. */
  readonly isProved: boolean;
}

/** Why a person must prove who they are before an authorization request is answered. */
export type ProofReason =
  | 'absolute_lifetime'
  | 'inactivity_timeout'
  | 'max_age'
  | 'step_up_outstanding'
  | 'session_fell_silent'
  | 'client_ended';

/** Whether a browser's sign-in answers an authorization request. Handle it exhaustively. */
export type BrowserSignInDecision =
  | { readonly kind: 'answer' }
  | { readonly kind: 'prove'; readonly reason: ProofReason }
  /** The sign-in is over: the browser is one that nobody is signed in with. */
  | { readonly kind: 'signed_out'; readonly reason: EndReason };

interface Facts {
  readonly browser: BrowserSession;
  /** The policy in force for what is asked: the strictest of everyone's, the client's and the resources'. */
  readonly policy: SessionPolicy;
  readonly asked: AskedSignIn;
  readonly now: Instant;
}

/** One row of the table, in words for the documentation and as the function that decides. */
export interface BrowserSignInRow {
  readonly when: string;
  readonly decision: string;
  readonly reason: string;
  readonly decide: (facts: Facts) => BrowserSignInDecision | null;
}

const prove = (reason: ProofReason, isDue: (facts: Facts) => boolean): BrowserSignInRow['decide'] => {
  const decision = { kind: 'prove', reason } as const;
  return (facts) => (isDue(facts) ? decision : null);
};

/** A deadline of the policy asked about, by the one rule for deadlines. */
const timedOut =
  (reason: 'absolute_lifetime' | 'inactivity_timeout') =>
  ({ browser, policy, now }: Facts): boolean => {
    const decision = decideAccess(browser, policy, now);
    return decision.kind === 'end' && decision.reason === reason;
  };

/** The table. The first row that answers decides; the last one answers whatever no row has caught. */
export const browserSignInRows: readonly BrowserSignInRow[] = [
  {
    when: 'the browser session has ended',
    decision: 'as no cookie',
    reason: 'its stored reason',
    decide: ({ browser: { ended } }) => (ended ? { kind: 'signed_out', reason: ended.reason } : null),
  },
  {
    // A session made silently is no new proof, so the clock of the first one goes on (ASVS 7.3.2).
    when: 'now ≥ the proof of the person + absolute lifetime',
    decision: 'ask for proof',
    reason: 'absolute_lifetime',
    decide: prove('absolute_lifetime', timedOut('absolute_lifetime')),
  },
  {
    when: 'now ≥ the last thing the person did + inactivity timeout',
    decision: 'ask for proof',
    reason: 'inactivity_timeout',
    decide: prove('inactivity_timeout', timedOut('inactivity_timeout')),
  },
  {
    // OpenID Connect Core §3.1.2.1; with 0 the person is always asked.
    when: 'now ≥ the proof of the person + `max_age`, and they have given none for this request',
    decision: 'ask for proof',
    reason: 'max_age',
    decide: prove(
      'max_age',
      ({ browser, asked, now }) =>
        !asked.isProved && asked.maxAge !== null && elapsedMs(browser.signedInAt, now) >= asked.maxAge * 1000,
    ),
  },
  {
    when: 'a session of this browser awaits a step-up that was demanded since the proof of the person',
    decision: 'ask for proof',
    reason: 'step_up_outstanding',
    decide: prove(
      'step_up_outstanding',
      ({ browser: { stepUpRequiredAt, signedInAt } }) =>
        stepUpRequiredAt !== null && stepUpRequiredAt >= signedInAt,
    ),
  },
  {
    // A page that renews silently leaves older sessions idle behind it; those are no sign that the person has gone.
    when: 'a session of this browser ended by inactivity under this policy or a more lenient one since the proof of the person, and its client has no later one here that stands',
    decision: 'ask for proof',
    reason: 'session_fell_silent',
    decide: prove(
      'session_fell_silent',
      ({ browser, policy }) => browser.silentFor !== null && browser.silentFor >= policy.inactivityTimeout,
    ),
  },
  {
    when: 'all sessions of this client were ended since the proof of the person, and this browser had one',
    decision: 'ask for proof',
    reason: 'client_ended',
    decide: prove('client_ended', ({ browser, asked }) => browser.endedClients.includes(asked.clientId)),
  },
  { when: 'none of these', decision: 'answer', reason: '–', decide: () => ({ kind: 'answer' }) },
];

/** Whether the sign-in of a browser may answer an authorization request: the first row of the table that matches. Pure. */
export function decideBrowserSignIn(
  browser: BrowserSession,
  policy: SessionPolicy,
  asked: AskedSignIn,
  now: Instant,
): BrowserSignInDecision {
  const facts: Facts = { browser, policy, asked, now };
  for (const row of browserSignInRows) {
    const decision = row.decide(facts);
    if (decision) return decision;
  }
  return { kind: 'answer' };
}

/** A session that came of a browser, as far as the browser's sign-in depends on it. */
export interface SessionOfBrowser
  extends Pick<
      TimedSession,
      'signedInAt' | 'lastActiveAt' | 'inactivityTimeout' | 'absoluteDeadline' | 'expiresAt'
    >,
    Pick<Session, 'clientId' | 'stepUpRequiredAt' | 'steppedUpAt' | 'ended'> {
  readonly startedAt: Instant;
}

/** The part of a browser's sign-in that follows from the sessions that came of it. */
export interface FactsOfSessions
  extends Pick<BrowserSession, 'stepUpRequiredAt' | 'silentFor' | 'endedClients'> {
  /** The last activity of a session after its start, which may have been silent; null where there was none. */
  readonly lastActiveAt: Instant | null;
}

const latestOf = (instants: readonly Instant[]): Instant | null =>
  instants.length === 0 ? null : instants.reduce(latest);

/** Whether a session ended by inactivity since the proof of the person. */
function fellSilent(session: SessionOfBrowser, provedAt: Instant, now: Instant): boolean {
  const { ended, expiresAt, absoluteDeadline } = session;
  if ((ended ? earliest(ended.at, expiresAt) : expiresAt) <= provedAt) return false;
  return ended
    ? ended.reason === 'inactivity_timeout'
    : isPast(expiresAt, now) && expiresAt < absoluteDeadline;
}

/** The longest timeout by which sessions of one client fell silent, if no later session of that client still stands. */
function silenceOf(sessions: readonly SessionOfBrowser[], provedAt: Instant, now: Instant): Seconds | null {
  const silent = sessions.filter((session) => fellSilent(session, provedAt, now));
  const standing = sessions.filter(({ ended, expiresAt }) => !ended && !isPast(expiresAt, now));
  const silentSince = latestOf(silent.map(({ startedAt }) => startedAt));
  const standingSince = latestOf(standing.map(({ startedAt }) => startedAt));
  if (silentSince === null || (standingSince !== null && standingSince >= silentSince)) return null;
  return Math.max(...silent.map(({ inactivityTimeout }) => inactivityTimeout)) as Seconds;
}

const endsTheClient = ({ ended }: SessionOfBrowser, provedAt: Instant): boolean =>
  ended !== null &&
  endReasonEntry(ended.reason).silentReturn === 'proof_at_that_client' &&
  ended.at >= provedAt;

/**
 * The facts about a browser's sign-in that follow from the sessions that came of it. `clientEnds` are the not-before entries of each client.
 * Storage asks for the same facts with one statement (`sessionsOfBrowser`), and a generated walk compares the two.
 */
export function factsOfSessions(
  sessions: readonly SessionOfBrowser[],
  provedAt: Instant,
  clientEnds: (clientId: string) => readonly NotBefore[],
  now: Instant,
): FactsOfSessions {
  const clients = [...new Set(sessions.map(({ clientId }) => clientId))];
  const of = (client: string) => sessions.filter(({ clientId }) => clientId === client);
  const silences = clients
    .map((client) => silenceOf(of(client), provedAt, now))
    .filter((one) => one !== null);
  return {
    lastActiveAt: latestOf(
      sessions.filter((one) => one.lastActiveAt > one.signedInAt).map(({ lastActiveAt }) => lastActiveAt),
    ),
    stepUpRequiredAt: latestOf(
      sessions.filter(stepUpOutstanding).flatMap(({ stepUpRequiredAt }) => stepUpRequiredAt ?? []),
    ),
    silentFor: silences.length === 0 ? null : (Math.max(...silences) as Seconds),
    endedClients: clients.filter(
      (client) =>
        of(client).some((one) => endsTheClient(one, provedAt)) ||
        clientEnds(client).some(({ at }) => at >= provedAt),
    ),
  };
}

/** The sign-in of a browser that begins at `at`, its limits fixed by the policy given, and `notAfter` where it is bounded elsewhere. */
export function signedInBrowser(
  policy: SessionPolicy,
  at: Instant,
  notAfter: Instant | null = null,
): BrowserSession {
  const { absoluteDeadline } = beginning({ signedInAt: at, authenticatedAt: null }, policy, notAfter);
  return {
    signedInAt: at,
    authenticatedAt: null,
    lastActiveAt: at,
    inactivityTimeout: policy.inactivityTimeout,
    absoluteDeadline,
    // Activity of the browser's sessions counts as well, so no inactivity deadline is written.
    expiresAt: absoluteDeadline,
    stepUpRequiredAt: null,
    silentFor: null,
    endedClients: [],
    ended: null,
  };
}
