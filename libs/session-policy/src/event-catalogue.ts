import type { ReuseEvidence, RiskFinding } from './decisions.js';
import type { EndReason } from './end-reasons.js';
import type { Actor, RefusalCause } from './event-causes.js';
import type { SessionId } from './session.js';
import type { RequestSignals } from './signals.js';
import type { Instant, Seconds } from './time.js';

/** The meaning of an event in one sentence, as the documentation prints it, and whether it commits with its cause or may be written a moment later. */
export interface EventEntry<Data = unknown> {
  readonly meaning: string;
  /**
   * 'with_cause': in the transaction of what it tells, so neither exists without the other.
   * 'batched': frequent and without consequence; written in batches, the last of which a crash may lose.
   * 'counted': only how often it happened is written, in rows that cover a minute at most and are no part of the sealed history (ADR 49).
   */
  readonly written: 'with_cause' | 'batched' | 'counted';
  /** The type of what it tells beyond its subjects: plain JSON; never a secret, never a token. No entry has a value here. */
  readonly data?: Data;
}

const withCause = <Data>(meaning: string): EventEntry<Data> => ({ meaning, written: 'with_cause' });
const batched = <Data>(meaning: string): EventEntry<Data> => ({ meaning, written: 'batched' });
const counted = <Data>(meaning: string): EventEntry<Data> => ({ meaning, written: 'counted' });

/** All that is said of each event, in the order in which events are documented. */
const table = {
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
    /** Absent in events of earlier versions. */
    readonly browserSessionUid?: string;
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
  'consent.withdrawn': withCause<{ readonly by: Actor }>('An account withdrew its consent to a client.'),
  'account.changed': withCause<{
    readonly change:
      | 'created'
      | 'disabled'
      | 'enabled'
      | 'deleted'
      | 'password_changed'
      | 'password_required'
      | 'invited'
      | 'email_verified'
      | 'profile_changed'
      | 'renamed'
      | 'second_factor_added'
      | 'second_factor_removed'
      | 'passkey_added'
      | 'security_key_added'
      | 'passkey_removed'
      | 'security_key_removed'
      | 'second_step_changed'
      | 'recovery_codes_renewed'
      | 'recovery_code_used'
      | 'browser_remembered'
      | 'browsers_forgotten'
      | 'identity_linked'
      | 'identity_unlinked'
      | 'identity_allowed'
      | 'erased';
    readonly by: Actor;
    /** With `erased`: the content of each seal behind which events were changed, in hexadecimal. */
    readonly seals?: Readonly<Record<string, string>>;
  }>('An account was created, disabled, enabled, deleted, or its password changed.'),
  'client.changed': withCause<{
    readonly change:
      | 'created'
      | 'changed'
      | 'disabled'
      | 'enabled'
      | 'deleted'
      | 'secret_added'
      | 'secret_removed';
    readonly fields: readonly string[];
    readonly by: Actor;
  }>('A client was created or changed, or its secrets were.'),
  'resource.changed': withCause<{
    readonly audience: string;
    readonly change: 'created' | 'changed' | 'deleted';
    readonly fields: readonly string[];
    readonly by: Actor;
  }>('An API was registered, changed or removed.'),
  'policy.changed': withCause<{
    readonly policy: string;
    readonly version: number;
    readonly change: 'created' | 'changed' | 'attached' | 'detached' | 'deleted';
    readonly attachment: {
      readonly kind: 'everyone' | 'client' | 'resource';
      readonly target: string;
    } | null;
    readonly settings: readonly string[];
    readonly by: Actor;
  }>('A policy has a new version or applies somewhere else.'),
  'policy.adapted': withCause<{
    readonly policy: string;
    /** The revision that the step wrote; null where it wrote none. */
    readonly version: number | null;
    readonly step:
      | 'proposed'
      | 'staged'
      | 'lengthened'
      | 'finished'
      | 'rolled_back'
      | 'abandoned'
      | 'declined'
      | 'stopped';
    readonly from: Seconds | null;
    readonly to: Seconds | null;
    /** The share of the accounts under the new timeout, in per cent, where a stage begins. */
    readonly share: number | null;
    readonly reasons: readonly string[];
    /** The figures that the step rests on. */
    readonly numbers: Readonly<Record<string, number>>;
    readonly by: Actor;
  }>('The adaptation of a policy took a step, proposed one, took one back, or was stopped.'),
  'key.rotated': withCause<{
    readonly kid: string;
    readonly alg: string;
    readonly step: 'created' | 'activated' | 'retired' | 'removed';
    readonly by: Actor;
  }>('A signing key reached the next step of its life.'),
  'admin.acted': withCause<{
    /** Stable name of the operation, as in the OpenAPI document. */
    readonly operation: string;
    readonly target: string | null;
    readonly outcome: 'done' | 'refused' | 'failed';
    /** How many things it touched, where that is a number. */
    readonly count: number | null;
    readonly note: string | null;
    readonly by: Actor;
  }>('An operator did something, or was refused it.'),
  'alert.raised': withCause<{
    readonly pattern: string;
    readonly severity: 'low' | 'medium' | 'high';
    readonly observed: number;
    readonly threshold: number;
    readonly window: Seconds;
    readonly subjects: readonly string[];
    readonly action: 'record' | 'throttle' | 'end';
    /** Present if the action is to throttle: the networks held back, and until when. */
    readonly throttled?: { readonly networks: readonly string[]; readonly until: Instant };
  }>('A pattern that looks like an attack passed its threshold.'),
  'delivery.failed': withCause<{
    readonly endpoint: string;
    readonly eventId: string;
    readonly attempts: number;
    readonly cause: string;
  }>('An event could not be delivered to a receiver and waits to be sent again by hand.'),
  'service.restored': withCause<{ readonly epoch: number; readonly notBefore: Instant }>(
    'The database came back from a backup; everything authorized before is over.',
  ),
};

/** Names of everything that is recorded. Closed. */
export type EventType = keyof typeof table;

/** The data of each type of event beyond its subjects. */
export type EventData = { readonly [T in EventType]: NonNullable<(typeof table)[T]['data']> };

/** The closed list of events. Documentation, filters and checks of stored events read it from here. */
export const eventCatalogue: { readonly [T in EventType]: EventEntry } = table;

/** Every event type, in the order they are documented. */
export const eventTypes = Object.keys(eventCatalogue) as readonly EventType[];

/** Whether a string names an event of the closed list. */
export const isEventType = (name: string): name is EventType => Object.hasOwn(eventCatalogue, name);
/** Whether only the number of these events is written, outside the sealed history. */
export const isCounted = (type: EventType): boolean => eventCatalogue[type].written === 'counted';
