export { closeSeal, openSeal } from './aead.js';
export { deriveKey } from './derive-key.js';
