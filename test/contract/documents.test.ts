import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const house = process.cwd();
const skipped = new Set(['node_modules', 'dist', '.git', '.curfew', 'generated']);
const pagesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !skipped.has(name))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return pagesIn(path);
      return entry.name.endsWith('.md') ? [relative(house, path)] : [];
    });

const pages = pagesIn(house).map((path) => [path, readFileSync(join(house, path), 'utf8')] as const);
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const builtIn = new Set(['start', 'test', 'ci', 'install']);

/** The anchor a heading gets. */
const anchor = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => anchor(String(title)));

describe('the documents', () => {
  it('are found', () => expect(pages.length).toBeGreaterThan(15));

  it.each(pages)('%s links only to what exists', (path, text) => {
    const prose = text.replace(/```[\s\S]*?```/g, '');
    const broken = [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => String(target))
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [file = '', fragment] = target.split('#');
        const full = file === '' ? join(house, path) : join(house, dirname(path), file);
        if (!existsSync(full)) return true;
        return fragment !== undefined && !anchorsOf(readFileSync(full, 'utf8')).includes(fragment);
      });
    expect(broken).toEqual([]);
  });

  it.each(pages)('%s names only commands that exist', (_, text) => {
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => String(name));
    expect(named.filter((name) => scripts[name] === undefined && !builtIn.has(name))).toEqual([]);
  });
});

describe('the decisions', () => {
  const decisions = pages.filter(([path]) => /^docs\/adr\/\d{4}-/.test(path));

  it.each(decisions)('%s is under a page and says what was rejected', (_, text) => {
    expect(text.split(/\s+/).length).toBeLessThan(600);
    for (const part of ['## Context', '## Decision', '## Consequences', '## Rejected'])
      expect(text).toContain(part);
  });

  it('are listed, each once and in order', () => {
    const listed = [...readFileSync('docs/adr/README.md', 'utf8').matchAll(/\]\((\d{4}-[^)]+)\)/g)].map(
      ([, file]) => file,
    );
    expect(listed).toEqual(decisions.map(([path]) => path.replace('docs/adr/', '')).sort());
  });
});
