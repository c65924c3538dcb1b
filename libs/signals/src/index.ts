export { canonicalAddress } from './client-address.js';
export { SignalsConfigurationError, SignalsReader } from './signals-reader.js';
