export {
  createFirstRunData,
  type FirstRunOptions,
  FirstRunRefused,
  type FirstRunReport,
  type FirstRunServices,
} from './create.js';
export type { FirstRunAccount, FirstRunClient, FirstRunData } from './first-run-data.js';
export { ordersAudience } from './registrations.js';
