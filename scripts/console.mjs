import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import openapiTS, { astToString } from 'openapi-typescript';
import { paletteStyles } from './palette.mjs';
import { at } from './repository.mjs';

// Builds the console (apps/console): the types of its client from docs/openapi.json, its colours from those of the sign-in pages, the
// bundle, and a Brotli copy of every file. With --types, only what is generated, for the compiler and an editor.

const generated = at('apps/console/src/generated');
const built = at('apps/console/dist');

/** @param {string} name @param {string} text */
function write(name, text) {
  mkdirSync(generated, { recursive: true });
  writeFileSync(path.join(generated, name), text);
}

async function writeTypes() {
  write('palette.css', await paletteStyles());
  const document = JSON.parse(readFileSync(at('docs/openapi.json'), 'utf8'));
  write('admin-api.ts', astToString(await openapiTS(document)));
  const { parameters } = document.paths['/v1/sessions/{id}'].delete;
  const { basedOn, canary: _, ...settings } = document.components.schemas.PolicySettings.properties;
  const operator = document.paths['/v1/accounts/{id}/operator'].put.requestBody.content['application/json'];
  const listed =
    document.paths['/v1/events'].get.responses[200].content['application/json'].schema.properties.items.items
      .properties;
  const lists = {
    adminScopes: operator.schema.properties.scopes.items.enum,
    profileNames: basedOn.enum,
    policySettings: Object.entries(settings).map(([name, schema]) => shapeOf(name, schema)),
    endReasons: document.components.schemas.EndReason.enum,
    complianceStandards: document.paths['/v1/compliance'].get.parameters.find(
      (/** @type {{ name: string }} */ { name }) => name === 'standard',
    ).schema.enum,
    eventTypes: listed.type.examples,
    administratorReasons: parameters.find((/** @type {{ name: string }} */ { name }) => name === 'reason')
      .schema.enum,
  };
  // The lists of the document that are offered for a choice.
  write(
    'lists.ts',
    Object.entries(lists)
      .map(([name, list]) => `export const ${name} = ${JSON.stringify(list)} as const;\n`)
      .join(''),
  );
}

/** How a setting of a policy is chosen or written. @param {string} name @param {any} schema */
function shapeOf(name, schema) {
  if (schema.enum) return { name, kind: 'choice', choices: schema.enum, words: schema['x-words'] ?? {} };
  const [first, second] = schema.anyOf ?? [schema];
  if (first.type === 'string') return { name, kind: 'duration', min: second.minimum, max: second.maximum };
  return {
    name,
    kind: 'count',
    min: first.minimum,
    max: first.maximum,
    orUnlimited: second?.type === 'null',
  };
}

/** Compressed once here, and never while somebody waits. */
function compress() {
  for (const entry of readdirSync(built, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.(js|css|html|svg)$/.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file), { params }));
  }
}

await writeTypes();
if (!process.argv.includes('--types')) {
  const { build } = await import('vite');
  rmSync(built, { recursive: true, force: true });
  await build({ root: at('apps/console'), configFile: at('apps/console/vite.config.mjs'), logLevel: 'warn' });
  compress();
}
