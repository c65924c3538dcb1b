export { type AnnouncementHandlers, hearAnnouncements } from './announcements.js';
export { type Foundation, type FoundationOptions, openFoundation } from './open-foundation.js';
export { foundationProviders } from './providers.js';
export { ServiceLoops } from './service-loops.js';
