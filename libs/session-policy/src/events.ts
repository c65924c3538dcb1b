import type { ReuseEvidence, RiskFinding } from './decisions.js';
import type { EndReason } from './end-reasons.js';
import type { SessionId } from './session.js';
import type { RequestSignals } from './signals.js';
import type { Instant, Seconds } from './time.js';

/** The actor that caused something; the kinds are the initiating entities of OpenID CAEP 1.0 §2, with the client told apart. */
export type Actor = {
  readonly kind: 'user' | 'client' | 'administrator' | 'policy' | 'system';
  /** Account, client or administrator id; null for the service itself. */
  readonly id: string | null;
  readonly ip: string | null;
};

/** Faults that the protocol itself may find in a refresh before the session is asked (RFC 6749 §5.2, RFC 8707, RFC 9449). */
export const protocolRefusals = [
  'invalid_request',
  'invalid_client',
  'invalid_grant',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'invalid_target',
  'invalid_dpop_proof',
  'use_dpop_nonce',
  'refused',
] as const;
/** One of these faults. */
export type ProtocolRefusal = (typeof protocolRefusals)[number];

/** Why a genuine refresh token was refused: the session is over, the token, client or key does not match, or the request is wrong. */
export type RefusalCause =
  | EndReason
  | 'unknown_token'
  | 'wrong_client'
  | 'wrong_key'
  | 'context_too_weak'
  | ProtocolRefusal;

/** The data of each type of event beyond its subjects. Plain JSON; never a secret, never a token. */
export interface EventData {
  'session.started': {
    readonly offline: boolean;
    readonly resources: readonly string[];
    readonly signals: RequestSignals;
  };
  'session.start_refused': { readonly cause: 'session_limit'; readonly limit: number };
  /** Refreshes of one client at one node within about a minute; the session's own row knows its generation and last activity. */
  'sessions.refreshed': { readonly count: number };
  'session.refresh_retried': {
    readonly generation: number;
    readonly retries: number;
    readonly secondsSinceRotation: number;
    readonly signals: RequestSignals;
  };
  'session.refresh_refused': {
    readonly cause: RefusalCause;
    /** The client that presented it, which need not be the session's. */
    readonly presentedBy: string;
    readonly evidence?: ReuseEvidence;
    readonly signals: RequestSignals;
  };
  'session.reuse_found': {
    readonly evidence: ReuseEvidence;
    readonly signals: RequestSignals;
  };
  'session.risk_observed': { readonly findings: readonly RiskFinding[]; readonly signals: RequestSignals };
  'session.step_up_required': { readonly findings: readonly RiskFinding[]; readonly signals: RequestSignals };
  'session.stepped_up': { readonly signals: RequestSignals };
  'session.ended': {
    readonly reason: EndReason;
    /** Absent where the service itself found the end due. */
    readonly by?: Actor;
    readonly note?: string;
    readonly evidence?: ReuseEvidence;
    readonly findings?: readonly RiskFinding[];
    readonly signals?: RequestSignals;
    /** The session whose end took this one along. */
    readonly because?: SessionId;
  };
  'sessions.ended_together': {
    readonly kind: 'account' | 'client' | 'everyone';
    readonly reason: EndReason;
    readonly notBefore: Instant;
    readonly by?: Actor;
    readonly note?: string;
  };
  /** Presented by one client at one endpoint from one address within a minute; null where there were too many addresses. */
  'token.unknown': {
    readonly endpoint: 'token' | 'introspection' | 'revocation' | 'userinfo';
    readonly presentedBy: string | null;
    readonly ip: string | null;
    readonly count: number;
  };
  /** By one client, for one cause, from one address within a minute; null where no client is known, or too many addresses. */
  'request.refused': {
    readonly endpoint: string;
    readonly cause: string;
    readonly presentedBy: string | null;
    readonly ip: string | null;
    readonly count: number;
  };
  'token.revoked': { readonly token: 'access_token'; readonly by?: Actor };
  'code.reuse_found': { readonly presentedBy: string | null; readonly ip: string | null };
  'signin.succeeded': {
    readonly acr: string | null;
    readonly amr: readonly string[];
    readonly signals: RequestSignals;
    /** Absent in events of earlier versions. */
    readonly browserSessionUid?: string;
  };
  /** For one cause, of one account where it exists, from one network within a minute; the signals are those of the first. */
  'signin.failed': {
    readonly cause:
      | 'unknown_account'
      | 'wrong_password'
      | 'wrong_code'
      | 'account_disabled'
      | 'throttled'
      | 'overloaded';
    readonly signals: RequestSignals;
    readonly count: number;
  };
  'signin.ended': {
    readonly reason: EndReason;
    readonly browserSessionUid: string;
    /** How many sessions went with it, where they ended by the same act. */
    readonly sessionsEnded?: number;
    /** Absent where the service itself found the end due. */
    readonly by?: Actor;
    readonly note?: string;
    /** The session whose end took this browser along. */
    readonly because?: SessionId;
  };
  'consent.withdrawn': { readonly by: Actor };
  'account.changed': {
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
      | 'second_step_changed'
      | 'recovery_codes_renewed'
      | 'recovery_code_used'
      | 'erased';
    readonly by: Actor;
    /** With `erased`: the content of each seal behind which events were changed, in hexadecimal. */
    readonly seals?: Readonly<Record<string, string>>;
  };
  'client.changed': {
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
  };
  'resource.changed': {
    readonly audience: string;
    readonly change: 'created' | 'changed' | 'deleted';
    readonly fields: readonly string[];
    readonly by: Actor;
  };
  'policy.changed': {
    readonly policy: string;
    readonly version: number;
    readonly change: 'created' | 'changed' | 'attached' | 'detached' | 'deleted';
    readonly attachment: {
      readonly kind: 'everyone' | 'client' | 'resource';
      readonly target: string;
    } | null;
    readonly settings: readonly string[];
    readonly by: Actor;
  };
  'policy.adapted': {
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
  };
  'key.rotated': {
    readonly kid: string;
    readonly alg: string;
    readonly step: 'created' | 'activated' | 'retired' | 'removed';
    readonly by: Actor;
  };
  'admin.acted': {
    /** Stable name of the operation, as in the OpenAPI document. */
    readonly operation: string;
    readonly target: string | null;
    readonly outcome: 'done' | 'refused' | 'failed';
    /** How many things it touched, where that is a number. */
    readonly count: number | null;
    readonly note: string | null;
    readonly by: Actor;
  };
  'alert.raised': {
    readonly pattern: string;
    readonly severity: 'low' | 'medium' | 'high';
    readonly observed: number;
    readonly threshold: number;
    readonly window: Seconds;
    readonly subjects: readonly string[];
    readonly action: 'record' | 'throttle' | 'end';
    /** Present if the action is to throttle: the networks held back, and until when. */
    readonly throttled?: { readonly networks: readonly string[]; readonly until: Instant };
  };
  'delivery.failed': {
    readonly endpoint: string;
    readonly eventId: string;
    readonly attempts: number;
    readonly cause: string;
  };
  'service.restored': { readonly epoch: number; readonly notBefore: Instant };
}

/** Names of everything that is recorded. Closed. */
export type EventType = keyof EventData;

/** Something that happened, of one type: when, to whom, and what its type tells. */
export type EventOf<T extends EventType> = {
  readonly type: T;
  readonly at: Instant;
  readonly sessionId: SessionId | null;
  readonly accountId: string | null;
  readonly clientId: string | null;
  readonly data: EventData[T];
};

/** Anything that can happen. Handle it by its `type`. */
export type SessionEvent = { readonly [T in EventType]: EventOf<T> }[EventType];
