import { existsSync, readFileSync } from 'node:fs';
import ts from 'typescript';

const page = readFileSync('docs/protocol.md', 'utf8');

interface Row {
  readonly id: string;
  readonly cells: readonly string[];
}

/** The rows of every table whose first column is an id; “–” is a statement without one, “as R57” one more side of that. */
const rows: readonly Row[] = page
  .split('\n')
  .filter((line) => /^\| (R\d+|–|as R\d+) /.test(line))
  .map((line) => {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return { id: cells[0]!, cells };
  });
const done = rows.filter(({ cells }) => cells.length === 5);
const excused = rows.filter(({ cells }) => cells.length === 3);

/** The titles of the tests in a file, as they are written, those of `it.each` with their placeholders. */
function titlesIn(path: string): Set<string> {
  const titles = new Set<string>();
  const file = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  const isTest = (callee: ts.Expression): boolean =>
    /^(it|test)\b/.test(callee.getText()) || (ts.isCallExpression(callee) && isTest(callee.expression));
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && isTest(node.expression)) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteralLike(title)) titles.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return titles;
}

/** Files of tests with the titles a cell names, as “title” · “title” after each. */
const proofsIn = (cell: string): [string, string[]][] =>
  cell
    .split('<br>')
    .map((part) => [
      /`([^`]+)`/.exec(part)?.[1] ?? '',
      [...part.matchAll(/“([^”]+)”/g)].map(([, title]) => title!),
    ]);

describe('the map of the protocol', () => {
  it('is read: tables with many rows', () => expect(done.length).toBeGreaterThan(70));

  it('says of every statement of these standards once where it stands', () => {
    const ids = rows
      .flatMap(({ id }) => (/^R\d+$/.test(id) ? [Number(id.slice(1))] : []))
      .sort((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: 128 }, (_, index) => index + 1));
  });

  it.each(done.map(({ id, cells }) => [id, cells] as const))('%s names files that exist', (_, cells) => {
    const files = cells.flatMap((cell) =>
      [...cell.matchAll(/`([\w./-]+\/[\w./-]+\.\w+)`/g)].map(([, path]) => path!),
    );
    expect(files.filter((path) => !existsSync(path))).toEqual([]);
    expect(cells[3]).toMatch(/oidc-provider|`[^`]+`/);
  });

  it.each(done.map(({ id, cells }) => [id, proofsIn(cells[4]!)] as const))(
    '%s names tests that exist',
    (_, proofs) => {
      expect(proofs).not.toEqual([]);
      for (const [path, titles] of proofs) {
        const known = titlesIn(path);
        expect([path, titles.length > 0]).toEqual([path, true]);
        expect(titles.filter((title) => !known.has(title))).toEqual([]);
      }
    },
  );

  it('gives a reason for every statement that does not apply', () => {
    for (const { id, cells } of excused) expect([id, cells[2]!.length > 7]).toEqual([id, true]);
  });
});
