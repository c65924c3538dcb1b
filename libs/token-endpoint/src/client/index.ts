export {
  defaultScopes,
  openidScopes,
  registeredScopes,
  scopesAt,
  scopesByHand,
  streamScopes,
} from '../access.js';
export { clockTolerance } from './assertion-claims.js';
export { assertionAudiences } from './audiences.js';
export { ClientAssertions } from './client-assertion.js';
export { ClientDirectory, type ClientDocumentReader, clientParameters } from './client-authentication.js';
export { ClientKeys } from './client-keys.js';
export { freshUntil, limitedBytes, limitedText } from './fetched-document.js';
export { outboundFetch, outboundTimeoutMs } from './outbound-fetch.js';
