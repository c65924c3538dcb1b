export { type DeliveryService, deliverEvents } from './deliver-events.js';
