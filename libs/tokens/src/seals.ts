export { closeSeal, deriveKey, openSeal } from './sealing.js';
