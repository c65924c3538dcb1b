export { ordersApi } from './orders.js';
