import { rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { specificationBundle } from './bundled-test.mjs';
import { external } from './bundling.mjs';
import { at, top } from './repository.mjs';
import { specifications } from './specifications.mjs';

// Jest loads each module in many times the time that Node takes, and the unit tests of all rooms need more than a thousand. So they are
// bundled from the sources (not from what the compiler made of them: unit tests need no build), with a map to what was written.

/** The unit tests of every room at once, by a name that no file has. */
const everySpecification = 'every-specification';

const specification = /\.spec\.ts$/;

/** @param {string} text */
const escaped = (text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
const ofRooms = new RegExp(`^${escaped(top)}(libs|apps)[\\\\/].*\\.tsx?$`);

/** A door of a room: a file, or a folder with an index (ADR 81). @param {string} door */
function sourceOf(door) {
  const [, room, subject] = door.split('/');
  return [`${subject ?? 'index'}.ts`, `${subject}/index.ts`].map((name) => at('libs', room, 'src', name));
}

const sources = {
  name: 'sources',
  resolveId: {
    filter: { id: /^(@curfew\/|fast-check$|every-specification$)/ },
    /** @param {string} id @param {string} importer @this {import('rolldown').PluginContext} */
    async handler(id, importer) {
      if (id === everySpecification) return { id, moduleSideEffects: true };
      // Its properties draw from the seed of the run.
      if (id === 'fast-check') return at('test/support/seeded-fast-check.mjs');
      for (const file of sourceOf(id)) {
        const found = await this.resolve(file, importer, { skipSelf: true });
        if (found) return found;
      }
      return null;
    },
  },
  load: {
    filter: { id: /^every-specification$/ },
    handler: () =>
      specifications()
        .map((file) => `import ${JSON.stringify(file)};`)
        .join('\n'),
  },
};

/** A text that was changed within its lines, with the map that says so. @param {string} code */
const withinLines = (code) => {
  const lines = code.split('\n').length;
  // The first field of each line: column 0 of it is column 0 of the same line of the first source.
  return {
    code,
    map: { mappings: `AAAA${';AACA'.repeat(lines - 1)}`, sources: [''], names: [], version: 3 },
  };
};

/** Files that name their own place, or one beside it. */
const places = {
  name: 'places',
  transform: {
    filter: { id: { exclude: /[\\/]node_modules[\\/]/ }, code: /import\.meta\.(url|dirname)/ },
    /** @param {string} code @param {string} id */
    handler: (code, id) =>
      withinLines(
        code
          .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href))
          .replaceAll('import.meta.dirname', JSON.stringify(path.dirname(id))),
      ),
  },
};

const named = {
  name: 'named',
  transform: {
    filter: { id: specification },
    /** @param {string} code @param {string} id @this {import('rolldown').PluginContext} */
    handler(code, id) {
      return underItsName(this, code, id);
    },
  },
};

/**
 * A file of unit tests that stands beside others: its tests have its name before theirs, and what it does before and after each test is
 * done for its own, and it fails if it leaves a server or a timer behind. No line moves. @param {import('rolldown').PluginContext} context @param {string} code @param {string} id
 */
function underItsName(context, code, id) {
  const { body } = context.parse(code, { lang: 'ts' });
  const end = body.filter(({ type }) => type === 'ImportDeclaration').at(-1)?.end ?? 0;
  const name = JSON.stringify(path.relative(top, id).replaceAll(path.sep, '/'));
  const guard = `import { leavesNothing } from ${JSON.stringify(at('test/support/leaves-nothing.mjs'))}`;
  const before = `const itsEnd = leavesNothing(${name}); beforeAll(itsEnd.begins);`;
  return withinLines(
    `${code.slice(0, end)}; ${guard}; describe(${name}, () => {${before}${code.slice(end)}\nafterAll(itsEnd.ends);});`,
  );
}

/** Makes one file of the unit tests of every room. */
export async function bundleSpecifications() {
  const build = await rolldown({
    input: everySpecification,
    cwd: top,
    platform: 'node',
    external: [...external, '@jest/globals'],
    plugins: [sources, places, named],
    tsconfig: false,
    resolve: { extensionAlias: { '.js': ['.ts', '.tsx', '.js'] } },
    transform: {
      target: 'es2023',
      decorator: { legacy: true, emitDecoratorMetadata: true },
    },
    // A module of ours does nothing but declare, so whoever asks a room for one name does not load the others. A test is there for what it
    // does.
    treeshake: {
      moduleSideEffects: [
        { test: specification, sideEffects: true },
        { test: ofRooms, sideEffects: false },
      ],
    },
    checks: { eval: false },
  });
  const folder = path.dirname(specificationBundle);
  rmSync(folder, { recursive: true, force: true });
  await build.write({
    dir: folder,
    format: 'esm',
    sourcemap: true,
    sourcemapExcludeSources: true,
    keepNames: true,
    entryFileNames: path.basename(specificationBundle),
  });
  await build.close();
}
