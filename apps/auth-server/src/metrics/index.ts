export { NodeMetrics, routeOf } from './node-metrics.js';
