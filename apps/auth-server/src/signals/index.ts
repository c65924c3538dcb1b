export type { TransmitterPolls } from './poll-transmitters.js';
export { SignalsReceived } from './signal-parts.js';
