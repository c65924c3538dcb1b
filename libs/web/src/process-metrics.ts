import { collectDefaultMetrics, type Registry } from 'prom-client';

/** Milliseconds between two looks at the delay of the event loop. A delay is told with this much added to it. */
const eventLoopMonitoringPrecision = 50;

/**
 * Adds what Node tells of its process: memory, CPU, collections, the delay of the event loop. It is measured from the first scrape on, because
 * the looks at the event loop wake a process that nobody asks twenty times a second.
 */
export function collectProcessMetrics(register: Registry): void {
  const metricsOf = register.getMetricsAsArray;
  register.getMetricsAsArray = () => {
    register.getMetricsAsArray = metricsOf;
    collectDefaultMetrics({ register, eventLoopMonitoringPrecision });
    return register.getMetricsAsArray();
  };
}
