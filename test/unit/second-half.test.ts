import { declareEverySecond } from './specifications.js';

await declareEverySecond(1);
