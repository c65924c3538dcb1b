export type { OfferedProvider } from './offered-providers.js';
export type { OpenedProvider, UpstreamClaims, UpstreamRequest, UpstreamSignedIn } from './upstream-client.js';
export { UpstreamLogout } from './upstream-logout.js';
export { classesFor, methodsOf } from './upstream-methods.js';
export { originOf } from './upstream-origin.js';
export { UpstreamParts } from './upstream-parts.js';
export { UpstreamPeople } from './upstream-people.js';
