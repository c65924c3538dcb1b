export { administratorsIn, checkAddresses, checkAdministrators, checkDatabase } from './database.store.js';
export { checkStateFolder } from './failover.store.js';
export { type Finding, fine, noted, sentenceOf, wrong } from './finding.js';
export { checkCertificate, checkGateway, checkMetadata, checkReady } from './reachability.js';
export {
  checkKeys,
  checkMail,
  checkProviders,
  checkReceivers,
  checkTransmitters,
  checkWork,
} from './service.js';
