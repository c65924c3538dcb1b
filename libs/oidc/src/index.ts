export { ClientDirectory, type SecretVerdict } from './client-directory.js';
export { providerConfiguration } from './configuration.js';
export type { InteractionDetails } from './interaction-details.js';
export { Interactions, type RecognisedPerson } from './interactions.js';
export type { IntrospectionAnswer, IntrospectionQuestion } from './introspection/introspect-access-token.js';
export {
  KeySet,
  type KeySettings,
  KeyStore,
  keySettings,
  metadataMaxAge,
  signingKeysChannel,
} from './keys/index.js';
export { lifetimes, proofTolerance } from './lifetimes.js';
export { InsideAddressRefused, isInside, type OutboundRules, outboundFetch } from './outbound-fetch.js';
export {
  type DeviceNotice,
  type DeviceProblem,
  type NoticePlace,
  type Page,
  ProtocolPages,
} from './protocol-pages.js';
export type { ProtocolParts } from './protocol-parts.js';
export { ProtocolServer } from './protocol-server.js';
export {
  type ErrorCause,
  errorCauses,
  isErrorCause,
  type PublicWords,
  publicWords,
} from './refusals/error-cause.js';
export { routes } from './routes.js';
export { ArtifactStore } from './storage/artifact-store.js';
export { BrowserSessionStore } from './storage/browser-session-store.js';
export { PayloadSeal } from './storage/payload-seal.js';
export { receiverSeal } from './storage/receiver-seal.js';
export { RateBuckets, type RateLimit } from './throttles/rate-buckets.js';
export { type PresentedRefresh, RefreshThrottle } from './throttles/refresh-throttle.js';
