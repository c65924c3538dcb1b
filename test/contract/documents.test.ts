import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parse } from 'yaml';
import { descriptionSchema } from '../../apps/admin-api/src/apply/apply-contracts.js';
import { readRoutesFile } from '../../apps/gateway/src/routes/routes-file.js';

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

describe('the blocks of the guides', () => {
  const blocksIn = (language: string) =>
    pages
      .filter(([path]) => path.startsWith('docs/guides/'))
      .flatMap(([path, text]) =>
        [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
          ([, block], index) => [`${path}, ${language} ${index + 1}`, String(block)] as const,
        ),
      );
  const files = blocksIn('yaml');
  const isRoutes = (block: string) => /^# \S*routes\.yaml$/m.test(block);
  const examples = readdirSync('docs/examples', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join('docs/examples', path), 'utf8'));

  it.each(blocksIn('ts'))('are whole files of docs/examples, which are compiled: %s', (_, block) => {
    expect(examples).toContain(block);
  });

  it.each(files.filter(([, block]) => !isRoutes(block)))('are files for curfew apply: %s', (_, block) => {
    const read = descriptionSchema.safeParse(parse(block));
    expect(read.error?.issues ?? []).toEqual([]);
  });

  it.each(files.filter(([, block]) => isRoutes(block)))('are routes files: %s', async (_, block) => {
    const folder = mkdtempSync(join(tmpdir(), 'curfew-routes-'));
    try {
      const local = block.replace(/\/etc\/curfew\/(\S+)/g, (_whole, name: string) => {
        if (name.endsWith('.secret')) writeFileSync(join(folder, name), 'x'.repeat(40));
        return name;
      });
      writeFileSync(join(folder, 'routes.yaml'), local);
      const rules = await readRoutesFile(join(folder, 'routes.yaml'), 'https://login.example.com', {});
      expect(rules.routes.length).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the README's map", () => {
  it('names every application and every room of libs, and no other', () => {
    const map =
      /## Repository layout\n+```\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
    const named = [...map.matchAll(/^(apps|libs)\/([\w-]+(?:, [\w-]+)*)/gm)].flatMap(([, top, names]) =>
      names!.split(', ').map((name) => `${top}/${name}`),
    );
    const standing = ['apps', 'libs'].flatMap((top) =>
      readdirSync(top, { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() && existsSync(join(top, entry.name, 'package.json'))
          ? [`${top}/${entry.name}`]
          : [],
      ),
    );
    expect(named.sort()).toEqual(standing.sort());
  });
});
