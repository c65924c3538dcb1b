import { existsSync, readFileSync } from 'node:fs';

const page = readFileSync('docs/threat-model.md', 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('|') && line.includes('.ts`'));

/** The files a row names, each with the titles that follow it. */
const citations = rows.flatMap((row) =>
  row.split(/(?=`[^`]+\.ts`)/).flatMap((part) => {
    const [, file] = /^`([^`]+\.ts)`/.exec(part) ?? [];
    return file === undefined
      ? []
      : [[file, [...part.matchAll(/“(.+?)”/g)].map(([, title]) => String(title))] as const];
  }),
);

describe('the threat model', () => {
  it('names at least one test for each of its promises', () => {
    const promises = page.split('\n').filter((line) => /^\| *\d+ +\| \*\*/.test(line));
    expect(promises.length).toBeGreaterThanOrEqual(20);
    expect(promises.filter((line) => !line.includes('.ts`'))).toEqual([]);
  });

  it('names a test for each fault that was found from outside', () => {
    const numbered = (letter: string, count: number) =>
      Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);
    const faults = [...numbered('G', 13), ...numbered('A', 22), ...numbered('M', 14)];
    const named = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/\b[GAM]\d+\b/g)].map(([id]) => id),
    );
    expect(faults.filter((id) => !named.includes(id))).toEqual([]);
  });

  it.each(citations)('names a file that exists, and titles that are in it: %s', (file, titles) => {
    expect(existsSync(file)).toBe(true);
    const text = readFileSync(file, 'utf8');
    expect(titles.filter((title) => !text.includes(title))).toEqual([]);
  });
});
