import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endReasonMeanings, endReasons, sessionTables, withFreshTables } from './index.js';

const page = readFileSync(join(process.cwd(), 'docs', 'sessions.md'), 'utf8');

/** A formatter may pad tables as it likes. */
const unpadded = (text: string): string =>
  text.replaceAll(/^\|.*\|$/gm, (row) =>
    row
      .split('|')
      .map((cell) => cell.trim().replace(/^-+$/, '---'))
      .join('|'),
  );

describe('docs/sessions.md', () => {
  it('shows the tables the code decides by; else run node scripts/session-tables.mjs', () => {
    expect(unpadded(page)).toBe(unpadded(withFreshTables(page)));
  });

  it('shows each of them', () => {
    const shown = [...page.matchAll(/<!-- table: ([a-z-]+) -->/g)].map(([, name]) => name);
    expect(shown.toSorted()).toEqual(Object.keys(sessionTables).toSorted());
  });

  it('has a sentence for every reason a session can end for', () => {
    for (const reason of endReasons) expect(endReasonMeanings[reason]).toMatch(/^[A-Z].*\.$/);
  });
});
