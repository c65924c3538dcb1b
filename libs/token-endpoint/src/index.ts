export { epochSeconds } from './access-token.js';
export { claimsByScope } from './account-claims.js';
export type { AcrClaimRequest } from './acr-request.js';
export { JwtAccessTokens } from './introspection/jwt-access-tokens.js';
export {
  type IntrospectionAnswer,
  type IntrospectionParts,
  type IntrospectionQuestion,
  introspectAccessToken,
} from './introspection.js';
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
export { RateBuckets, RefreshThrottle } from './throttles.js';
export { type ClientEndpoint, tokenEndpoint, userinfoEndpoint } from './token-endpoint.js';
