import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The top folder of the repository. */
export const top = fileURLToPath(new URL('..', import.meta.url));

/** A path from the top. @param {...string} parts */
export const at = (...parts) => path.join(top, ...parts);

// The record of prepared steps is inside node_modules, so that removing that folder removes it too.
const memory = at('node_modules', '.cache', 'curfew');

/** The note under `name`, '' if there is none. @param {string} name */
export function recall(name) {
  const file = path.join(memory, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** @param {string} name @param {string} text */
export function remember(name, text) {
  mkdirSync(memory, { recursive: true });
  writeFileSync(path.join(memory, name), text);
}
