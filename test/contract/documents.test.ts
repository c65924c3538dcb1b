import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parse } from 'yaml';
import { descriptionSchema } from '../../apps/admin-api/src/apply/apply-contracts.js';
import { readRoutesFile } from '../../apps/gateway/src/routes/routes-file.js';
import { filesBelow, isProduct } from '../support/sources.js';

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

  // A decision stays as it was made, and a changelog tells of what was: their files may be gone.
  const present = pages.filter(([path]) => !/^docs\/adr\/\d|^CHANGELOG\.md$/.test(path));
  const isOurs = /^(?:apps|bench|deploy|docs|libs|prisma|scripts|test)\/[\w./-]+$/;

  it.each(present)('%s names only files and folders that exist', (path, text) => {
    const named = [...text.matchAll(/`([^`\s]+)`/g)].map(([, name]) => String(name));
    // Built files exist after a build, and the row of a room that is no more says so.
    const isElsewhere = (name: string) => /\/dist\//.test(name) || name === 'libs/problem';
    const from = (name: string) => [join(house, name), join(house, dirname(path), name)];
    const gone = named.filter(
      (name) => isOurs.test(name) && !isElsewhere(name) && !from(name).some((one) => existsSync(one)),
    );
    expect(gone).toEqual([]);
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

describe('the page about the structure', () => {
  const text = readFileSync('docs/structure-before-and-after.md', 'utf8');
  const tableUnder = (heading: string): string[][] =>
    (text.split(`\n## ${heading}\n`)[1] ?? '')
      .split('\n## ')[0]!
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter(([, first = '']) => !/^-+$/.test(first));
  const inCode = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => String(name));
  const declares = (folder: string, name: string) =>
    filesBelow(folder)
      .filter(isProduct)
      .some((path) =>
        new RegExp(`\\b(?:const|function) ${name}\\b`).test(readFileSync(join(house, path), 'utf8')),
      );

  it('names functions of the domain, statements that repeat them, and tests that compare both, as they are', () => {
    const rows = tableUnder('The domain').slice(1);
    expect(rows.length).toBeGreaterThan(5);
    const tests = filesBelow('test').concat(filesBelow('libs'));
    for (const [, rule, functions, statements, compared] of rows) {
      for (const name of inCode(functions))
        expect([rule, name, declares('libs/session-policy', name)]).toEqual([rule, name, true]);
      for (const name of inCode(statements))
        expect([rule, name, declares('libs/sessions', name)]).toEqual([rule, name, true]);
      for (const name of inCode(compared))
        expect([rule, name, tests.some((path) => path.endsWith(`/${name}`))]).toEqual([rule, name, true]);
    }
  });

  it('has a recipe of CONTRIBUTING.md for each addition, with no more files than were aimed at', () => {
    const rows = tableUnder("A newcomer's view").filter((cells) => cells.length === 7);
    const recipes = readFileSync('CONTRIBUTING.md', 'utf8');
    const kinds: Readonly<Record<string, string>> = {
      ...{ 'end reason': 'A reason to end a session', event: 'An event', throttle: 'A throttle' },
      ...{ 'configuration setting': 'A configuration setting', 'policy setting': 'A policy setting' },
      ...{
        'admin operation': 'An operation of the admin API',
        'column of a session': 'A column of a session',
      },
    };
    for (const [kind, heading] of Object.entries(kinds)) {
      const [, , , after, aim] = rows.find(([, first]) => first === kind) ?? [];
      expect([kind, recipes.includes(`\n### ${heading}\n`), Number(after) <= Number(aim)]).toEqual([
        kind,
        true,
        true,
      ]);
    }
  });
});

describe('the recipes of CONTRIBUTING.md', () => {
  const recipes = (readFileSync('CONTRIBUTING.md', 'utf8').split('\n## Recipes\n')[1] ?? '').split(
    '\n## ',
  )[0]!;
  const named = [...recipes.matchAll(/`((?:apps|libs)\/[\w./-]+\.ts)`/g)].map(([, path]) => String(path));

  // A source has 300 lines at most: without this, the next addition would first have to find out how to divide a file.
  it('name files that have room for some additions', () => {
    expect(named.length).toBeGreaterThan(10);
    const lengths = named.map(
      (path) => [path, readFileSync(path, 'utf8').trimEnd().split('\n').length] as const,
    );
    expect(lengths.filter(([, lines]) => lines > 290)).toEqual([]);
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
