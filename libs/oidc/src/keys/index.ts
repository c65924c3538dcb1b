export { type KeySettings, keySettings, metadataMaxAge } from './key-schedule.js';
export { KeySet } from './key-set.js';
export { KeyStore, SigningKeysNotLoaded } from './key-store.js';
export { type PublicJwk, type SigningAlgorithm, SigningKey, signingAlgorithms } from './signing-key.js';
export { signingKeysChannel } from './signing-key.store.js';
