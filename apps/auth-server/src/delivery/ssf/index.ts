export { serveStreams } from './serve-streams.js';
