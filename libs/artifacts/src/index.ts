export { ArtifactStore, InteractionUsed, SignedOutMeanwhile } from './artifact-store.js';
export { BrowserSessionStore } from './browser-session-store.js';
export {
  type ArtifactKey,
  type BrowserSessionPayload,
  type FoundArtifact,
  type FoundBrowserSession,
  type KeptSignIn,
  StagedWrites,
} from './staged-writes.js';
