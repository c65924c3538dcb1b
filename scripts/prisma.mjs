import './node-version.mjs';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

// npm run prisma -- <arguments>: the Prisma CLI, with a schema engine that needs no download and, unless DATABASE_URL says otherwise,
// the embedded PostgreSQL (the running one, or one started for as long as the command takes).
const { at, top } = await import('./repository.mjs');
const { schemaEngineEnvironment } = await import('./schema-engine-choice.mjs');
const { ensureDependencies } = await import('./prepare.mjs');

await ensureDependencies((line) => console.log(`${line} …`));
const values = process.argv.slice(2);
const database = ['migrate', 'db', 'studio'].includes(values[0] ?? '')
  ? await developmentDatabase()
  : undefined;
const child = spawn(process.execPath, [at('node_modules/prisma/build/index.js'), ...values], {
  cwd: top,
  stdio: 'inherit',
  env: {
    ...process.env,
    ...schemaEngineEnvironment(),
    ...(database ? { DATABASE_URL: database.url, DATABASE_DIRECT_URL: '' } : {}),
  },
});
const status = await new Promise((resolve) => child.once('close', resolve));
await database?.stop();
process.exit(status ?? 1);

async function developmentDatabase() {
  if (process.env.DATABASE_URL) return undefined;
  const home = path.resolve(process.env.CURFEW_HOME || at('.curfew'));
  const { lockOwner } = await import('./start-lock.mjs');
  const known = path.join(home, 'postgres.json');
  if (lockOwner(home) !== undefined && existsSync(known)) {
    const { port, password } = JSON.parse(readFileSync(known, 'utf8'));
    return { url: `postgresql://curfew:${password}@127.0.0.1:${port}/curfew`, stop: async () => {} };
  }
  const { startPostgres } = await import('./embedded-postgres.mjs');
  return startPostgres({ home });
}
