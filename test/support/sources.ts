import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const house = process.cwd();
const notOurs = new Set(['node_modules', 'dist', 'generated', '.git', '.curfew', 'coverage']);

/** Every file and folder below `folder` that we wrote, relative to the house, with forward slashes; folders end with one. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(join(house, folder), { withFileTypes: true })
    .filter(({ name }) => !notOurs.has(name))
    .flatMap((entry) => {
      const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? [`${path}/`, ...filesBelow(path)] : [path];
    });

/** Whether a file is part of the product: a source in a room or an app that is no test. */
export const isProduct = (path: string): boolean =>
  /^(libs|apps)\/[^/]+\/src\/.*\.(ts|tsx|mts|mjs|cjs|js|jsx)$/.test(path) &&
  !/\.(spec|test)\.tsx?$/.test(path);

const parsed = new Map<string, ts.SourceFile>();

/** The syntax tree of a file, read once. */
export const syntaxOf = (path: string): ts.SourceFile => {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const file = ts.createSourceFile(
    path,
    readFileSync(join(house, path), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  parsed.set(path, file);
  return file;
};

/** File and line of a node. */
export const placeOf = (node: ts.Node): string => {
  const file = node.getSourceFile();
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
};

/** The nodes in these files where `matches` says so. */
export const nodesIn = (files: readonly string[], matches: (node: ts.Node) => boolean): ts.Node[] =>
  files.flatMap((path) => {
    const found: ts.Node[] = [];
    const visit = (node: ts.Node): void => {
      if (matches(node)) found.push(node);
      ts.forEachChild(node, visit);
    };
    visit(syntaxOf(path));
    return found;
  });

/** The contracts of operations below a folder: the literal members of each, by name. */
export const contractsOf = (folder: string): ReadonlyMap<string, string>[] => {
  const isContract = (node: ts.Node): node is ts.CallExpression =>
    ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'operation';
  const literalOf = (node: ts.Expression) => (ts.isStringLiteral(node) ? node.text : node.getText());
  return nodesIn(filesBelow(folder).filter(isProduct), isContract).map((node) => {
    const [contract] = (node as ts.CallExpression).arguments;
    if (contract === undefined || !ts.isObjectLiteralExpression(contract)) return new Map();
    return new Map(
      contract.properties
        .filter(ts.isPropertyAssignment)
        .map(({ name, initializer }) => [name.getText(), literalOf(initializer)] as const),
    );
  });
};
