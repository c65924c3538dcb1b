export { canonicalAddress, clientAddress, networkPrefix } from './client-address.js';
export {
  type SignalSource,
  SignalsConfigurationError,
  type SignalsOptions,
  SignalsReader,
} from './signals-reader.js';
