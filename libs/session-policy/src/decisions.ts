import type { AuthenticationContext } from './authentication.js';
import type { EndReach } from './end-reach.js';
import type { EndReason } from './end-reasons.js';

/** How a reuse most likely came about, and what that means; for operators, never for the client. */
export const reuseClasses = {
  concurrent: 'The parent came again within moments of the rotation: parallel requests of one client.',
  lost_response:
    'The parent came again later, its successor never used: the client lost the answer, or somebody copied the token.',
  stale_lineage: 'An older ancestor: a stale copy (backup, second process), or a thief.',
  after_end: 'A superseded token of a session that is over anyway.',
  foreign_client: 'A genuine token shown by another client than the one it was issued to.',
  ahead_of_row:
    'A generation the row never reached: the database went back in time, or the MAC key has leaked.',
  unknown_secret: 'A right generation with a secret the row does not know: the same two causes.',
} as const satisfies Readonly<Record<string, string>>;

/** One of the closed list. */
export type ReuseClass = keyof typeof reuseClasses;

/** The classes that mean an alarm for operators and never an end: the state is wrong, not the client. */
export const alarmingClasses: ReadonlySet<ReuseClass> = new Set(['ahead_of_row', 'unknown_secret']);

/** The evidence when a genuine token was presented that must not work any more. */
export interface ReuseEvidence {
  readonly class: ReuseClass;
  readonly presentedGeneration: number;
  readonly currentGeneration: number;
  /** Seconds since the last rotation, or null when there was none. */
  readonly secondsSinceRotation: number | null;
  /** Names of the signals that differ from the baseline. */
  readonly differingSignals: readonly string[];
}

/** The outcome of presenting a refresh token. Handle it exhaustively. */
export type RefreshDecision =
  | { readonly kind: 'rotate' }
  | { readonly kind: 'keep' }
  /** `counts`: whether it is one of the limited retries, or one of several parallel uses, which are not counted. */
  | { readonly kind: 'replay'; readonly counts: boolean }
  /** A late use by another process of the client: an access token, and no refresh token. */
  | { readonly kind: 'sibling' }
  | { readonly kind: 'step_up'; readonly findings: readonly RiskFinding[] }
  | {
      readonly kind: 'refuse';
      readonly reason: EndReason | 'unknown_token' | 'wrong_client' | 'wrong_key' | 'context_too_weak';
      /** The context class that the policy requires, where that is the reason. */
      readonly required?: AuthenticationContext;
      readonly evidence?: ReuseEvidence;
    }
  | {
      readonly kind: 'end';
      readonly reason: EndReason;
      readonly reach: EndReach;
      readonly evidence?: ReuseEvidence;
      readonly findings?: readonly RiskFinding[];
    };

/** The outcome of asking whether a session still stands (introspection, userinfo, gateway). */
export type AccessDecision =
  | { readonly kind: 'active' }
  | { readonly kind: 'refuse'; readonly reason: EndReason }
  | { readonly kind: 'end'; readonly reason: EndReason };

/** One observed difference and what the policy makes of it. */
export interface RiskFinding {
  readonly signal: 'ip' | 'device' | 'tls_fingerprint';
  readonly action: 'observe' | 'step_up' | 'end';
  /** Names of the fields of RequestSignals that differ. */
  readonly fields: readonly string[];
}

/** The findings of one request, and the strongest action among them. */
export interface RiskAssessment {
  readonly action: 'none' | 'observe' | 'step_up' | 'end';
  readonly findings: readonly RiskFinding[];
}

/** Makes a forgotten case of a closed union a compile error, and a corrupt value at run time loud. */
export const unreachable = (value: never): never => {
  throw new TypeError(`unhandled case: ${JSON.stringify(value)}`);
};
