import { createHash } from 'node:crypto';
import path from 'node:path';
import { at } from './repository.mjs';

/** The bundles of test files: `unit` holds one file, `started` one for each file of tests that start the product. */
export const testBundles = at('node_modules', '.cache', 'curfew', 'test-bundles');

/** Where the bundle is that begins with a test file. @param {string} bundles @param {string} file */
const bundleOf = (bundles, file) =>
  path.join(testBundles, bundles, path.relative(at('test'), file).replace(/\.ts$/, '.mjs'));

/** Has jest load the bundle of a test file in the place of the file. @param {{ bundles: string }} options */
const createTransformer = ({ bundles }) => ({
  /** @param {string} _source @param {string} file */
  process: (_source, file) => ({ code: `import ${JSON.stringify(bundleOf(bundles, file))};` }),
  /** @param {string} _source @param {string} file */
  getCacheKey: (_source, file) => createHash('sha256').update(bundleOf(bundles, file)).digest('hex'),
});

export default { createTransformer };
