/** Makes the tables of docs/sessions.md anew from the built room session-policy. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withFreshTables } from '../libs/session-policy/dist/index.js';

const page = fileURLToPath(new URL('../docs/sessions.md', import.meta.url));
writeFileSync(page, withFreshTables(readFileSync(page, 'utf8')));
