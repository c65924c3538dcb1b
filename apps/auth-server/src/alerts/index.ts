export { answersOf, endConcerned, thresholdsOf } from './answers.js';
