export { claimsByScope } from './account-claims.js';
export type { AcrClaimRequest } from './acr-request.js';
export {
  type IntrospectionAnswer,
  type IntrospectionParts,
  type IntrospectionQuestion,
  introspectAccessToken,
} from './introspection/introspect-access-token.js';
export { JwtAccessTokens } from './introspection/jwt-access-tokens.js';
export { lifetimes, pollingInterval } from './lifetimes.js';
export { originOf } from './origin.js';
export type { ServiceParts } from './parts.js';
export { Proofs } from './proof/proof.js';
export {
  type ErrorCause,
  errorCauses,
  isErrorCause,
  isSuspicious,
  type PublicWords,
  publicWords,
  type StatedCause,
} from './refusals/error-cause.js';
export { invalidRequest } from './refused.js';
export { type ClientRequest, parameter, refuseRepeated, requireParameters } from './request.js';
export { routeNames, routes } from './routes.js';
export { epochSeconds } from './session-payload.js';
export { RateBuckets } from './throttles/rate-buckets.js';
export { RefreshThrottle } from './throttles/refresh-throttle.js';
export { type ClientEndpoint, tokenEndpoint, userinfoEndpoint } from './token-endpoint.js';
