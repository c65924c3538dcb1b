export { answerHashing, type HashingAnswer, HashingFailed, HashingQuestions } from './exchange.js';
export { type Hashing, type HashingCost, hashingHere } from './hashing.js';
export { HashingProcess, type HashingProcessEnd, type HashingProcessOptions } from './hashing-process.js';
export { HashFault, readPasswordHash } from './read-hash.js';
