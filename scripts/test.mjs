import './node-version.mjs';

// npm test: sets up and runs everything that can fail. npm run test:unit (and so on) runs one kind of test; arguments narrow it down, as
// in `npm run test:unit -- libs/clock`.
const { testEverything, testSome } = await import('./test-run.mjs');
const { projects } = await import('./test-projects.mjs');

const names = process.argv.slice(2);
const patterns = names.splice(names.findIndex((name) => !projects.includes(name)) >>> 0);
const { passed, failed } =
  names.length > 0 ? await testSome(names, patterns) : await testEverything(patterns);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
