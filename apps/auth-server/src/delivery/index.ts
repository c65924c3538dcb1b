export { serveStreams } from './ssf/index.js';
export { tellOthers } from './tell-others.js';
