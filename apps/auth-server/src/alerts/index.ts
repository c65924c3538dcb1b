export { answersOf, endConcerned, thresholdsOf } from './answers.js';
export { ThrottledRequests } from './throttled-requests.js';
