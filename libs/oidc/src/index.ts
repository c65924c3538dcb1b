export { providerConfiguration } from './configuration.js';
export type { InteractionDetails } from './interaction-details.js';
export { Interactions, type RecognisedPerson } from './interactions.js';

export {
  type DeviceNotice,
  type DeviceProblem,
  type NoticePlace,
  type Page,
  ProtocolPages,
} from './protocol-pages.js';
export type { ProtocolParts } from './protocol-parts.js';
export { ProtocolServer } from './protocol-server.js';
