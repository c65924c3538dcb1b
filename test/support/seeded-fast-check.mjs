import fc from '../../node_modules/fast-check/lib/fast-check.js';

// Every test that imports fast-check gets this one: its properties draw from the seed of the run, so a second run of a file cannot hide what
// the first one found.
const seed = Number(process.env.CURFEW_TEST_SEED);
if (Number.isSafeInteger(seed)) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed });

export * from '../../node_modules/fast-check/lib/fast-check.js';
export default fc;
