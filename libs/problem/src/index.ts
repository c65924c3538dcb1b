export { sendProblem } from './answer.js';
export { databaseUnavailable, type IsUnavailable, problemFrom } from './from-error.js';
export { ProblemFilter, type ProblemFilterOptions } from './problem.filter.js';
export { type Problem, ProblemError, type ProblemFault, type ProblemStatement } from './problem.js';
export { noteRefusal, type Refusal, refusalOf } from './refusal.js';
