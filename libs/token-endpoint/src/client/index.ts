export { clockTolerance } from './assertion-claims.js';
export { assertionAudiences } from './audiences.js';
export { ClientAssertions } from './client-assertion.js';
export { clientParameters } from './client-authentication.js';
export { ClientDirectory, type ClientDocumentReader } from './client-directory.js';
export { ClientKeys } from './client-keys.js';
export {
  defaultScopes,
  openidScopes,
  registeredScopes,
  scopesAt,
  scopesByHand,
  streamScopes,
} from './client-scopes.js';
export { freshUntil, limitedBytes, limitedText } from './fetched-document.js';
export { outboundFetch, outboundTimeoutMs } from './outbound-fetch.js';
