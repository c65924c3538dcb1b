export { canonicalAddress, clientAddress, networkPrefix } from './client-address.js';
export { type HostCheck, hostCheck } from './host.js';
export {
  type SignalSource,
  SignalsConfigurationError,
  type SignalsOptions,
  SignalsReader,
} from './signals-reader.js';
export { UntrustedForwarding, untrustedForwarding } from './untrusted-forwarding.js';
