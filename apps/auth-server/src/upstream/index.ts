export type { OfferedProvider } from './offered-providers.js';
export type { OpenedProvider, UpstreamClaims, UpstreamRequest } from './upstream-client.js';
export { classesFor, methodsOf } from './upstream-methods.js';
export { UpstreamParts } from './upstream-parts.js';
export { UpstreamPeople } from './upstream-people.js';
