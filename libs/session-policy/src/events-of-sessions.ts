import type { ReuseEvidence, RiskFinding } from './decisions.js';
import type { EndReason } from './end-reasons.js';
import type { Actor, RefusalCause } from './event-causes.js';
import { batched, counted, withCause } from './event-entry.js';
import type { SessionId } from './session.js';
import type { RequestSignals } from './signals.js';
import type { Instant } from './time.js';

/** All that is said of each event of sessions, tokens and sign-ins, in the order in which events are documented. */
export const eventsOfSessions = {
  'session.started': withCause<{
    readonly offline: boolean;
    readonly resources: readonly string[];
    readonly signals: RequestSignals;
  }>('An account signed in with a client; a session and its two clocks begin.'),
  'session.start_refused': withCause<{ readonly cause: 'session_limit'; readonly limit: number }>(
    'A sign-in got no session, because the account has as many as its policy allows.',
  ),
  /** Refreshes of one client at one node within about a minute; the session's own row knows its generation and last activity. */
  'sessions.refreshed': counted<{ readonly count: number }>(
    'Refresh tokens of a client were used as intended, so many at one node within a minute.',
  ),
  'session.refresh_retried': batched<{
    readonly generation: number;
    readonly retries: number;
    readonly secondsSinceRotation: number;
    readonly signals: RequestSignals;
  }>('A client asked again within the retry window and got the same successor.'),
  'session.sibling_served': withCause<{
    readonly presentedGeneration: number;
    readonly currentGeneration: number;
    readonly secondsSinceRotation: number;
    readonly signals: RequestSignals;
  }>(
    'Another process of the client used a superseded refresh token, and got an access token and no refresh token.',
  ),
  'session.refresh_refused': withCause<{
    readonly cause: RefusalCause;
    /** The client that presented it, which need not be the session's. */
    readonly presentedBy: string;
    readonly evidence?: ReuseEvidence;
    readonly signals: RequestSignals;
  }>('A genuine refresh token was refused and the session left as it was.'),
  'session.reuse_found': withCause<{
    readonly evidence: ReuseEvidence;
    readonly signals: RequestSignals;
  }>('A superseded refresh token was used: stolen, or kept by mistake; the evidence says which is likelier.'),
  'session.risk_observed': batched<{
    readonly findings: readonly RiskFinding[];
    readonly signals: RequestSignals;
  }>('The circumstances of a request differ from the sign-in, and the policy only watches.'),
  'session.step_up_required': withCause<{
    readonly findings: readonly RiskFinding[];
    readonly signals: RequestSignals;
  }>('The circumstances changed; the person must sign in again before the session goes on.'),
  'session.stepped_up': withCause<{ readonly signals: RequestSignals }>(
    'The person signed in again; the new circumstances are the baseline now.',
  ),
  'session.ended': withCause<{
    readonly reason: EndReason;
    /** Absent where the service itself found the end due. */
    readonly by?: Actor;
    readonly note?: string;
    readonly evidence?: ReuseEvidence;
    readonly findings?: readonly RiskFinding[];
    readonly signals?: RequestSignals;
    /** The session whose end took this one along. */
    readonly because?: SessionId;
  }>('A session is over, for the one reason given.'),
  'sessions.ended_together': withCause<{
    readonly kind: 'account' | 'client' | 'everyone';
    readonly reason: EndReason;
    readonly notBefore: Instant;
    readonly by?: Actor;
    readonly note?: string;
  }>('Everything an account, a client or everyone had authorized until now is over.'),
  /** Presented by one client at one endpoint from one address within a minute; null where there were too many addresses. */
  'token.unknown': counted<{
    readonly endpoint: 'token' | 'introspection' | 'revocation' | 'userinfo';
    readonly presentedBy: string | null;
    readonly ip: string | null;
    readonly count: number;
  }>('Something was presented that this service never issued, or cannot read any more.'),
  /** By one client, for one cause, from one address within a minute; null where no client is known, or too many addresses. */
  'request.refused': counted<{
    readonly endpoint: string;
    readonly cause: string;
    readonly presentedBy: string | null;
    readonly ip: string | null;
    readonly count: number;
  }>('A request was refused for a cause that an attack could have; counted by cause, client and address.'),
  'token.revoked': withCause<{ readonly token: 'access_token'; readonly by?: Actor }>(
    'A single access token was revoked before its time; its session goes on.',
  ),
  'token.exchanged': withCause<{
    /** The clients that act by the new token, the one that got it first. */
    readonly actors: readonly string[];
    readonly resource: string;
    readonly scope: string;
    readonly expiresAt: Instant;
  }>('A client exchanged an access token of a person for one to act with at another API (RFC 8693).'),
  'code.reuse_found': withCause<{ readonly presentedBy: string | null; readonly ip: string | null }>(
    'An authorization code was redeemed twice; the session that its first use started is ended.',
  ),
  'signin.succeeded': withCause<{
    readonly acr: string | null;
    readonly amr: readonly string[];
    readonly signals: RequestSignals;
    /** Absent in events of earlier versions, as is the language of the page (RFC 5646), which a step-up and a sign-in for a device do not tell. */
    readonly browserSessionUid?: string;
    readonly language?: string;
  }>('A person proved who they are.'),
  /** For one cause, of one account where it exists, from one network within a minute; the signals are those of the first. */
  'signin.failed': counted<{
    readonly cause:
      | 'unknown_account'
      | 'wrong_password'
      | 'wrong_code'
      | 'wrong_passkey'
      | 'upstream_refused'
      | 'unknown_identity'
      | 'account_disabled'
      | 'throttled'
      | 'overloaded';
    readonly signals: RequestSignals;
    readonly count: number;
  }>('An attempt to sign in failed.'),
  'signin.ended': withCause<{
    readonly reason: EndReason;
    readonly browserSessionUid: string;
    /** How many sessions went with it, where they ended by the same act. */
    readonly sessionsEnded?: number;
    /** Absent where the service itself found the end due. */
    readonly by?: Actor;
    readonly note?: string;
    /** The session whose end took this browser along. */
    readonly because?: SessionId;
  }>('A browser is signed out: its cookie signs nobody in any more, for the one reason given.'),
  'signal.received': withCause<{
    readonly transmitter: string;
    readonly signal: string;
    readonly jti: string;
    readonly session?: 'ended' | 'unknown';
    readonly note: string | null;
    readonly by: Actor;
  }>('Another service told of the end of an account or of one session (Shared Signals).'),
};
