import { createHash } from 'node:crypto';
import { at } from './repository.mjs';

/** The unit tests of every room as one file. */
export const specificationBundle = at(
  'node_modules',
  '.cache',
  'curfew',
  'unit-tests',
  'every-specification.mjs',
);

const code = `import ${JSON.stringify(specificationBundle)};`;

/** Has jest load that file in the place of the one that stands for it. */
export default {
  process: () => ({ code }),
  getCacheKey: () => createHash('sha256').update(code).digest('hex'),
};
