import { collectDefaultMetrics, type Registry } from 'prom-client';

/**
 * Milliseconds between two looks at the delay of the event loop. At the default of 10 they are the larger part of what a process costs
 * that nobody asks: 3 ms of CPU a second. A delay is told with this much added to it.
 */
const eventLoopMonitoringPrecision = 50;

/** Adds what Node tells of its process: memory, CPU, collections, the delay of the event loop. */
export const collectProcessMetrics = (register: Registry): void =>
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision });
