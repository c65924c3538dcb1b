export { serveStreams } from './ssf/index.js';
export { startDeliveries } from './start-deliveries.js';
