import { readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { rolldown } from 'rolldown';
import { external } from './bundling.mjs';
import { programs } from './prepare.mjs';
import { at } from './repository.mjs';

// Bundles what `tsc -b` compiled: each program becomes a few files, because a start spends most of its time on finding, reading and
// linking a thousand small ones (ADR 106). libs/web/src/launch.ts chooses between a bundle and what it was made from.

/** What was compiled here, with the map back to its source, and files that it names as seen from where it stands. @param {string} folder */
const compiled = (folder) => ({
  name: 'compiled',
  /** @param {string} id */
  load(id) {
    if (id.includes(`${path.sep}node_modules${path.sep}`) || !id.endsWith('.js')) return null;
    const from = JSON.stringify(path.relative(folder, id).replaceAll(path.sep, '/'));
    return {
      code: readFileSync(id, 'utf8').replaceAll('import.meta.url', `new URL(${from}, import.meta.url).href`),
      map: readFileSync(`${id}.map`, 'utf8'),
    };
  },
});

/** @param {string} app @param {readonly string[]} names */
async function bundle(app, names) {
  const built = at('apps', app, 'dist');
  const [folder, making] = [path.join(built, 'bundle'), path.join(built, 'bundle.making')];
  const build = await rolldown({
    input: Object.fromEntries(names.map((name) => [name, path.join(built, `${name}.js`)])),
    platform: 'node',
    external,
    plugins: [compiled(folder)],
    // A package tries for the name of a function with `eval`, in old engines.
    checks: { eval: false },
  });
  rmSync(making, { recursive: true, force: true });
  await build.write({
    dir: making,
    format: 'esm',
    sourcemap: true,
    sourcemapExcludeSources: true,
    // White space goes and names stay, so that a stack trace says the same as before.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    keepNames: true,
    chunkFileNames: '[name]-[hash].js',
  });
  await build.close();
  // As a whole: a program that starts meanwhile gets the old bundle, or none.
  rmSync(folder, { recursive: true, force: true });
  renameSync(making, folder);
}

for (const [app, names] of Object.entries(programs)) await bundle(app, names);
