import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KeptPostgres } from './kept-postgres.mjs';
import { at } from './repository.mjs';

/**
 * The database to use: the one DATABASE_URL names, or a PostgreSQL of our own below `home`.
 * @param {string} home @param {(line: string) => void} say @param {import('./kept-postgres.mjs').Surroundings} surroundings
 */
export async function openDatabase(home, say, surroundings) {
  if (process.env.DATABASE_URL)
    return { url: process.env.DATABASE_URL, about: 'as DATABASE_URL says', stop: async () => {} };
  say(existsSync(path.join(home, 'postgres.json')) ? 'Starting PostgreSQL' : 'Making a PostgreSQL');
  const kept = await KeptPostgres.start(home, surroundings);
  return { url: kept.url, about: `embedded PostgreSQL, port ${kept.port}`, stop: () => kept.stop() };
}

/** Applies what is missing. @param {string} url @param {(line: string) => void} say */
export async function migrateDatabase(url, say) {
  const { migrate } = await import(at('libs/persistence/dist/migrations.js'));
  say('Preparing the database');
  await migrate(url, {
    onEdited: (/** @type {string} */ name) =>
      say(`Warning: migration ${name} was edited after it had been applied`),
  });
}

/** The port may have changed since first-run data was written; scripts rely on the address in it. @param {string} file @param {string} url */
export function refreshDevFile(file, url) {
  if (!existsSync(file)) return;
  const data = JSON.parse(readFileSync(file, 'utf8'));
  if (data.databaseUrl === url) return;
  writeFileSync(`${file}.new`, `${JSON.stringify({ ...data, databaseUrl: url }, null, 2)}\n`, {
    mode: 0o600,
  });
  renameSync(`${file}.new`, file);
}
