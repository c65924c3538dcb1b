import './node-version.mjs';
import { readFileSync, writeFileSync } from 'node:fs';

// npm run docs: writes the documents that are generated from code. With --check it only says which are out of date.
const { at } = await import('./repository.mjs');
const { prepareServices } = await import('./prepare.mjs');

await prepareServices((line) => console.log(`${line} …`));
const { manual } = await import(at('libs/config/dist/manual.js'));
const { openApiText } = await import(at('apps/admin-api/dist/index.js'));
const { withFreshSessionTables, withFreshTables } = await import(
  at('libs/session-policy/dist/documentation.js')
);
const { withFreshEventTables } = await import(at('libs/events/dist/manual.js'));
const { scenarioJsonSchema } = await import(at('apps/cli/dist/scenario/scenario.js'));
const { comparedTable } = await import(at('libs/compliance/dist/standards.js'));
const { causeTable } = await import(at('libs/token-endpoint/dist/refusals/error-cause.js'));

const { withFreshSizes } = await import('./structure.mjs');

const structurePage = 'docs/structure-before-and-after.md';
/** Each generated file with its text. @type {[string, string][]} */
const documents = [
  ['docs/configuration.md', manual()],
  ['docs/openapi.json', openApiText()],
  ['docs/scenario.schema.json', `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`],
  ['docs/events.md', withFreshEventTables(read('docs/events.md') ?? '')],
  ['docs/compliance.md', withFreshTables(read('docs/compliance.md') ?? '', { compared: comparedTable })],
  ['docs/operations.md', withFreshTables(read('docs/operations.md') ?? '', { causes: causeTable })],
  ['docs/sessions.md', withFreshSessionTables(read('docs/sessions.md') ?? '')],
  [structurePage, withFreshSizes(read(structurePage) ?? '')],
];

const stale = documents.filter(([file, text]) => read(file) !== text);
if (process.argv.includes('--check')) {
  for (const [file] of stale) console.error(`${file} is out of date: run npm run docs`);
  process.exitCode = stale.length > 0 ? 1 : 0;
} else {
  for (const [file, text] of stale) writeFileSync(at(file), text);
  for (const [file] of stale) console.log(`wrote ${file}`);
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(at(file), 'utf8');
  } catch {
    return undefined;
  }
}
