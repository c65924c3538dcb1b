export { type EndOutcome, EndWriter } from './end-writer.js';
export { PostgresSessionStore } from './postgres-session-store.js';
export { PostgresSweepStore } from './postgres-sweep-store.js';
export { takeRestoreStep } from './restore-step.js';
export { packSignals } from './session-columns.js';
export {
  type AcceptedStepUp,
  AccountGone,
  type ActingClients,
  type Activity,
  type Alongside,
  AuthorizationEnded,
  CodeUsed,
  type End,
  type EndDetail,
  type EndedSession,
  type FoundSession,
  type Keeping,
  type MassEnd,
  type ProofRecord,
  ProofUsedBefore,
  type Retention,
  type Rotation,
  type SessionLimit,
  SessionStore,
  type StoredSession,
  TooManySessions,
  type WithEnd,
} from './session-store.js';
export {
  type DueSession,
  type Lineage,
  type LookAgain,
  type ShorterLimits,
  SweepStore,
} from './sweep-store.js';
export { TimeoutReturns } from './timeout-returns.store.js';
