import './node-version.mjs';

// npm test: sets up and runs what can fail, but for the long tests; npm run test:long runs those, and npm test -- all (or npm run test:all) both. npm run
// test:unit (and so on) runs one kind of test; arguments narrow it down, as in `npm run test:unit -- libs/clock`.
const { testEverything, testLong, testSome } = await import('./test-run.mjs');
const { projects } = await import('./test-projects.mjs');

const names = process.argv.slice(2);
const whole = names[0] === 'all' || names[0] === 'long' ? names.shift() : undefined;
const patterns = names.splice(names.findIndex((name) => !projects.includes(name)) >>> 0);
/** @returns {Promise<{ passed: number, failed: number }>} */
const run = () => {
  if (whole === 'long') return testLong();
  return names.length > 0 ? testSome(names, patterns) : testEverything({ patterns, long: whole === 'all' });
};
const { passed, failed } = await run();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
