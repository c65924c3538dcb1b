import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endReasonEntry, endReasons } from '../test/domain.js';
import { sessionTables, withFreshSessionTables } from './documentation.js';

const page = readFileSync(join(process.cwd(), 'docs', 'sessions.md'), 'utf8');

describe('docs/sessions.md', () => {
  it('shows the tables the code decides by; else run npm run docs', () => {
    expect(page).toBe(withFreshSessionTables(page));
  });

  it('shows each of them', () => {
    const shown = [...page.matchAll(/<!-- table: ([a-z-]+) -->/g)].map(([, name]) => name);
    expect(shown.toSorted()).toEqual(Object.keys(sessionTables).toSorted());
  });

  it('has a sentence for every reason a session can end for', () => {
    for (const reason of endReasons) expect(endReasonEntry(reason).meaning).toMatch(/^[A-Z].*\.$/);
  });
});
