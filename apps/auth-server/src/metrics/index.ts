export { NodeMetrics } from './node-metrics.js';
export { routeOf } from './route-of.js';
