import { readFileSync } from 'node:fs';
import { withFreshEventTables } from './manual.js';

const page = readFileSync('docs/events.md', 'utf8');

describe('docs/events.md', () => {
  it('shows every event and every pattern as the code has them; else run npm run docs', () => {
    expect(page).toBe(withFreshEventTables(page));
    expect(page.match(/<!-- table: /g)).toHaveLength(2);
  });
});
