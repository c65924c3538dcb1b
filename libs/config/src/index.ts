export type { Configuration } from './configuration.js';
export { ConfigurationError, type ConfigurationFault } from './configuration-error.js';
export { databaseUrls } from './database-hosts.js';
export type { DatabaseConfiguration } from './database-settings.js';
export {
  handedRoutes,
  type KeptRoute,
  keptRoute,
  keptRouteFaults,
  maxHandedRoutes,
  routeFaults,
  routeParts,
  secondsOf,
} from './gateway-routes.js';
export { globalRevocationEndpoint, globalRevocationPath } from './global-revocation.js';
export { hasFirstRunData, loadConfiguration, type Needs, refuseFirstRunData } from './load.js';
export type { Listen } from './network-settings.js';
export { type ReadFault, readFaults } from './read-faults.js';
export { leaveOutRuntimeNotice } from './runtime-notice.js';
export { Secret } from './secret.js';
export { UnreadableFile, WrittenFile } from './written-file.js';
