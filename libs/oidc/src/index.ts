export type { Enrolment, InteractionDetails } from './interaction-details.js';
export { Interactions } from './interactions.js';
export {
  type DeviceNotice,
  type DeviceProblem,
  type NoticePlace,
  type Page,
  type PageRequest,
  ProtocolPages,
} from './protocol-pages.js';
export { type ClientAccess, ProtocolServer } from './protocol-server.js';
export type { RecognisedPerson } from './recognised-person.js';
