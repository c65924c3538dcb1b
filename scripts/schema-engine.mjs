#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import {
  addressOf,
  canConnect,
  createDatabase,
  dropDatabase,
  engineAdapters,
} from './schema-engine-database.mjs';

// Stands in for Prisma's native `schema-engine`, which is not in the package registry: the same command line and the same JSON-RPC over
// standard input and output, on the same engine compiled to WebAssembly. The Prisma CLI starts it through PRISMA_SCHEMA_ENGINE_BINARY.

/** The native engine's flags; each takes a value, except --version. @param {string[]} values */
function parse(values) {
  /** @type {{ version: boolean, command?: string, datasource: { url?: string }, datamodels: string[] }} */
  const parsed = { version: false, datasource: {}, datamodels: [] };
  for (let at = 0; at < values.length; at += 1) {
    const name = values[at];
    if (name === '--version') parsed.version = true;
    else if (name === 'cli') parsed.command = values[++at];
    else if (name === '--datamodels') parsed.datamodels.push(values[++at]);
    else if (name === '--datasource') parsed.datasource = JSON.parse(values[++at]);
    else if (name.startsWith('--')) at += 1;
  }
  return parsed;
}

/** The engine reports on standard error, a line of JSON at a time. @param {'INFO' | 'ERROR'} level @param {object} fields */
function report(level, fields) {
  const line = { timestamp: new Date().toISOString(), level, fields, target: 'schema_engine::logger' };
  process.stderr.write(`${JSON.stringify(line)}\n`);
}

/** SQLSTATE to the codes that the CLI explains to people. @param {{ code?: string }} error */
const codeOf = ({ code }) => ({ '3D000': 'P1003', '28P01': 'P1000', 28000: 'P1010' })[code ?? ''] ?? 'P1001';

const commands = {
  'can-connect-to-database': canConnect,
  'create-database': createDatabase,
  'drop-database': async (/** @type {string} */ url) => {
    await dropDatabase(url);
    report('INFO', { message: 'The database was successfully dropped.' });
  },
};

/** One of the native engine's `cli` sub-commands; resolves to the exit status. @param {string} command @param {string} url */
async function runCommand(command, url) {
  report('INFO', { message: 'Starting schema engine CLI' }); // the Prisma CLI skips the first line
  const work = commands[/** @type {keyof typeof commands} */ (command)];
  try {
    if (!work) throw new Error(`unknown command ${command}`);
    await work(url);
    return 0;
  } catch (error) {
    report('ERROR', { message: error.message, is_panic: false, error_code: codeOf(error) });
    return 1;
  }
}

/** @param {ReturnType<typeof parse>} options */
async function startEngine({ datasource, datamodels }) {
  const runtime = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const package_ = fileURLToPath(import.meta.resolve('@prisma/schema-engine-wasm'));
  const code = readFileSync(package_.replace(/schema_engine\.js$/, 'schema_engine_bg.wasm'));
  const instance = new WebAssembly.Instance(new WebAssembly.Module(code), {
    './schema_engine_bg.js': runtime,
  });
  runtime.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const files = datamodels.map((file) => [file, readFileSync(file, 'utf8')]);
  return runtime.SchemaEngine.new(
    { datamodels: files.length > 0 ? files : undefined },
    () => {}, // its log
    bindMigrationAwareSqlAdapterFactory(engineAdapters(datasource.url)),
  );
}

/** @param {object} message */
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);

/** The calls that the two builds of the engine answer differently. @param {string | undefined} url @param {any} engine */
const differing = (url, engine) => ({
  createDatabase: async () => {
    await createDatabase(url ?? '').catch((error) => {
      if (error.code !== '42P04') throw error; // it is there already
    });
    return { databaseName: addressOf(url ?? '').database };
  },
  getDatabaseVersion: (/** @type {any} */ params) => engine.version(params),
  diff: async (/** @type {any} */ params) => {
    const { stdout, ...rest } = await engine.diff(params);
    // The native engine prints by asking the CLI to; this one hands the text back.
    if (stdout) send({ id: 'print', method: 'print', params: { content: stdout.replace(/\n$/, '') } });
    return { stdout: null, ...rest };
  },
});

/** @param {ReturnType<typeof parse>} options */
async function serve(options) {
  const engine = await startEngine(options);
  const own = differing(options.datasource.url, engine);
  const answer = async (
    /** @type {{ id: unknown, method?: string, params: unknown }} */ { id, method, params },
  ) => {
    if (!method) return; // an answer to our `print`
    try {
      const result =
        method in own ? await own[/** @type {'diff'} */ (method)](params) : await engine[method](params);
      send({ id, result: result ?? null });
    } catch (error) {
      const data = {
        is_panic: false,
        message: error.message,
        error_code: error.code ?? null,
        meta: error.meta,
      };
      send({
        id,
        error: { code: 4466, message: 'An error happened. Check the data field for details.', data },
      });
    }
  };
  // In order, and the next only after the one before: the engine has one connection.
  for await (const line of readline.createInterface({ input: process.stdin })) await answer(JSON.parse(line));
}

const options = parse(process.argv.slice(2));
if (options.version) console.log('schema-engine-cli (WebAssembly)');
else if (options.command) process.exitCode = await runCommand(options.command, options.datasource.url ?? '');
else await serve(options).then(() => process.exit(0));
