export { type Figures, type MetricsServer, serveMetrics } from './metrics-server.js';
export { NodeMetrics } from './node-metrics.js';
export { startTracing, type Tracing } from './tracing.js';
