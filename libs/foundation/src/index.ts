export { hearAnnouncements } from './announcements.js';
export { engineOn } from './engine.js';
export { FoundationModule } from './foundation.module.js';
export { type Foundation, openFoundation } from './open-foundation.js';
export { foundationToken } from './providers.js';
export { ServiceLoops } from './service-loops.js';
