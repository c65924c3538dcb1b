import { readFileSync } from 'node:fs';

const page = readFileSync('docs/operations.md', 'utf8');
const section = page.slice(page.indexOf('## What bounds what is kept'));
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('what is kept', () => {
  it('has a bound that is written down, for every table', () => {
    const schema = readFileSync('prisma/schema.prisma', 'utf8');
    const tables = [...schema.matchAll(/@@map\("(\w+)"\)/g)].map(([, name]) => name!);
    const named = rows.flatMap(([, name]) => [...name!.matchAll(/`(\w+)`/g)].map(([, table]) => table!));
    expect(tables.length).toBeGreaterThan(20);
    expect(named.filter((name) => tables.includes(name)).sort()).toEqual([...tables].sort());
    for (const row of rows) expect(row[2]!.length).toBeGreaterThan(10);
  });
});
