export { closeSeal, openSeal } from './aead.js';
export { deriveKey } from './service-keys.js';
