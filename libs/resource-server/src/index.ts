export { FeedSilent, trustBoundMs } from './feed/follower.js';
export { UnreadableFeed } from './feed/messages.js';
export { AuthorizationServerUnavailable } from './http/authorization-server.js';
export { type Refusal, type RefusalCode, refusalBody } from './http/challenges.js';
export type { RequestHeaders } from './http/credentials.js';
export {
  accessOf,
  answerRefusal,
  expressGuard,
  fastifyGuard,
  fastifyMetadata,
  guarded,
  metadataEndpoint,
  NotVerified,
  verifiable,
} from './http/middleware.js';
export {
  answerMetadata,
  isMetadataOf,
  isMetadataPath,
  metadataUrlOf,
  type ProtectedResource,
  type ResourceMetadata,
} from './http/protected-resource.js';
export type { VerifySignature } from './jwt/jwt-access-tokens.js';
export { type Requirement, together } from './requirement.js';
export { type TokenFacts, UnreadableAnswer } from './token-facts.js';
export {
  createVerifier,
  type Verdict,
  type VerifiableRequest,
  Verifier,
} from './verifier.js';
export { VerifierMisconfigured, type VerifierOptions } from './verifier-options.js';
