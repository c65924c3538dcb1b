import { existsSync, readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { at } from './repository.mjs';

// The figures of docs/structure-before-and-after.md that a change of the code makes untrue. A figure that is written there stands while it is
// within a tenth of that of the code, so that few changes have to write the page anew.
const tolerance = 0.1;

/** Every source below a folder; nothing that is generated or built. @param {string} folder @returns {string[]} */
const below = (folder) =>
  readdirSync(at(folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (['node_modules', 'dist', 'generated', 'public'].includes(entry.name)) return [];
    if (entry.isDirectory()) return below(path);
    return /\.(ts|tsx|mts|mjs|cjs|js|css)$/.test(path) ? [path] : [];
  });

const isTest = /** @param {string} path */ (path) =>
  /\.(spec|test)\.tsx?$/.test(path) || !/^[a-z]+\/[^/]+\/src\//.test(path);
const linesOf = /** @param {string} path */ (path) =>
  readFileSync(at(path), 'utf8').trimEnd().split('\n').length;
const sum = /** @param {readonly number[]} numbers */ (numbers) => numbers.reduce((all, one) => all + one, 0);

/** The number below which this share of them is. @param {number[]} numbers @param {number} share */
const quantile = (numbers, share) =>
  numbers.toSorted((a, b) => a - b)[Math.ceil(numbers.length * share) - 1] ?? 0;

/** The lines of each function with a body, and the number of casts that the compiler cannot follow. @param {readonly string[]} files */
function shapeOf(files) {
  /** @type {number[]} */
  const functions = [];
  let casts = 0;
  for (const path of files.filter((one) => !one.endsWith('.css'))) {
    const file = ts.createSourceFile(path, readFileSync(at(path), 'utf8'), ts.ScriptTarget.Latest);
    const lineOf = /** @param {number} position */ (position) =>
      file.getLineAndCharacterOfPosition(position).line;
    const visit = /** @param {ts.Node} node */ (node) => {
      if (ts.isFunctionLike(node) && 'body' in node && node.body)
        functions.push(lineOf(node.end) - lineOf(node.getStart(file)) + 1);
      if (ts.isAsExpression(node)) {
        const { kind } = node.type;
        const isUnknown =
          ts.isAsExpression(node.expression) && node.expression.type.kind === ts.SyntaxKind.UnknownKeyword;
        if (kind === ts.SyntaxKind.NeverKeyword || isUnknown) casts += 1;
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return { functions, casts };
}

/** The doors of all rooms: each index, and what a package.json exports beside it (ADR 81). */
function countDoors() {
  const manifests = readdirSync(at('libs'))
    .map((room) => at('libs', room, 'package.json'))
    .filter((path) => existsSync(path));
  return sum(
    manifests.map((path) => {
      const { exports: offered = {} } = JSON.parse(readFileSync(path, 'utf8'));
      return Object.keys(offered).filter((name) => /^\.(\/[a-z-]+)?$/.test(name)).length;
    }),
  );
}

/** The recorded cases that are the test of the token endpoint. All but some of revocations and exchanges were answered by oidc-provider. */
function countRecorded() {
  const casesOf = (/** @type {string} */ name) =>
    Object.keys(JSON.parse(readFileSync(at(`test/fixtures/token-endpoint/${name}.json`), 'utf8')).cases)
      .length;
  return casesOf('answers') + casesOf('cells');
}

/** The rules of which a test finds a second copy. */
const countRules = () =>
  readFileSync(at('test/contract/house-rules-one-home.test.ts'), 'utf8').match(/^ {2}'[^']+': \{$/gm)
    ?.length ?? 0;

/** Figures within sentences: each is the group of its pattern. @type {[RegExp, () => number][]} */
const figuresInWords = [
  [/(?<=\| none, in )([\d,]+)(?= doors)/, countDoors],
  [/([\d,]+)(?= recorded cases)/, countRecorded],
  [/(?<=second copies of the )([\d,]+)(?= rules)/, countRules],
];

/** The figures of the code, by the first cell of their row. @param {string} page @returns {Map<string, number[]>} */
function figuresFor(page) {
  const all = ['libs', 'apps', 'test'].flatMap(below);
  const product = all.filter((path) => !isTest(path));
  const tests = all.filter(isTest);
  const rooms = [...new Set(product.map((path) => path.split('/').slice(0, 2).join('/')))];
  /** @type {Map<string, number[]>} */
  const figures = new Map();
  const told = new Set();
  for (const [, cell = ''] of page.matchAll(/^\| +(`(?:libs|apps)\/.*?) +\|/gm)) {
    const names = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) =>
      name.includes('/') ? name : `libs/${name}`,
    );
    const mine = product.filter((path) => names.some((name) => path.startsWith(`${name}/`)));
    for (const name of names) told.add(name);
    figures.set(cell, [sum(mine.map(linesOf))]);
  }
  const untold = rooms.filter((room) => !told.has(room));
  if (untold.length > 0)
    throw new Error(`docs/structure-before-and-after.md lacks a row for ${untold.join(', ')}`);
  const { functions, casts } = shapeOf(product);
  const lengths = product.filter((path) => !path.endsWith('.css')).map(linesOf);
  figures.set('all', [sum(product.map(linesOf))]);
  figures.set('tests', [sum(tests.map(linesOf))]);
  figures.set('function lines, 95th percentile', [quantile(functions, 0.95)]);
  figures.set('functions over 60 lines, signature included', [
    functions.filter((lines) => lines > 60).length,
  ]);
  figures.set('file lines, median and maximum', [quantile(lengths, 0.5), Math.max(...lengths)]);
  figures.set('casts (`as unknown as`, `as never`)', [casts]);
  return figures;
}

const numbersIn = /** @param {string} text */ (text) =>
  (text.match(/\d[\d,]*\d|\d/g) ?? []).map((one) => Number(one.replaceAll(',', '')));

/**
 * The page with figures that are true: those of the third column of each row that is known here. They are written anew together, once one of
 * them is off. @param {string} page
 */
export function withFreshSizes(page) {
  const figures = figuresFor(page);
  let isStale = false;
  const isOff = (/** @type {number} */ written, /** @type {number} */ now) =>
    !(Math.abs(written - now) <= now * tolerance);
  const inWords = figuresInWords.reduce((text, [pattern, count]) => {
    const [, written] = pattern.exec(text) ?? [];
    if (written === undefined) throw new Error(`docs/structure-before-and-after.md lacks ${pattern}`);
    const now = count();
    isStale ||= isOff(Number(written.replaceAll(',', '')), now);
    return text.replace(pattern, now.toLocaleString('en'));
  }, page);
  const fresh = inWords.replace(
    /^(\| +(.*?) +\| +.*? +\| )(.*?)( *)( \|)/gm,
    (row, before, cell, written, room, after) => {
      const now = figures.get(cell);
      // A part that is no more has a dash.
      if (!now || (now.length === 1 && now[0] === 0 && written === '–')) return row;
      const numbers = numbersIn(written);
      isStale ||= numbers.length !== now.length || now.some((one, at) => isOff(Number(numbers[at]), one));
      const text = now.map((one) => one.toLocaleString('en')).join(', ');
      return `${before}${text.padEnd(written.length + room.length)}${after}`;
    },
  );
  return isStale ? fresh : page;
}
