export { ArtifactStore, InteractionUsed, SignedOutMeanwhile } from './artifact-store.js';
export { BrowserSessionStore } from './browser-session-store.js';
export {
  type ArtifactKey,
  type BrowserSessionPayload,
  type FoundArtifact,
  type FoundBrowserSession,
  type KeptSignIn,
  type ProvedPresence,
  StagedWrites,
  type UpstreamOrigin,
} from './staged-writes.js';
export {
  personKey,
  sessionKey,
  subjectKey,
  type UpstreamEnd,
  UpstreamSessions,
} from './upstream-sessions.js';
export { upstreamDeviceKind } from './upstream-statements.js';
