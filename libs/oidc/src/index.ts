export type { InteractionDetails } from './interaction-details.js';
export { Interactions, type RecognisedPerson } from './interactions.js';
export { type DeviceNotice, type NoticePlace, type Page, ProtocolPages } from './protocol-pages.js';
export { ProtocolServer } from './protocol-server.js';
