import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { specificationBundle } from './bundled-test.mjs';
import { hashOf, timeAndSize } from './file-state.mjs';
import { at, recall, remember } from './repository.mjs';

/** The unit tests of every room as one file, anew when a file of a room changed. */
export async function ensureSpecificationsBundled() {
  const state = stateOfTests(['libs', 'apps', 'scripts', 'test/support']);
  if (existsSync(specificationBundle) && recall('unit tests') === state) return;
  const { bundleSpecifications } = await import('./test-bundle.mjs');
  await bundleSpecifications();
  remember('unit tests', state);
}

/** @param {string[]} folders */
const stateOfTests = (folders) =>
  hashOf(
    [at('package-lock.json'), ...folders.flatMap((folder) => sourcesBelow(at(folder))).sort()],
    timeAndSize,
  );

/** Files of a folder but for those that a build left. @param {string} folder @returns {string[]} */
const sourcesBelow = (folder) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return ['dist', 'node_modules'].includes(entry.name) ? [] : sourcesBelow(file);
    return file.endsWith('.tsbuildinfo') ? [] : [file];
  });
