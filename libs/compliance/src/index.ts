export { catalogue } from './catalogue.js';
export {
  type Check,
  type ConfigurationFacts,
  type Control,
  type RegistrationFacts,
  type StandardId,
  standardIds,
} from './control.js';
export {
  type CheckState,
  type JudgedCheck,
  type JudgedControl,
  judge,
  judgeAll,
  type Subject,
} from './evaluate.js';
export { standards } from './standards.js';
