import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

/** The code that runs for every refresh, introspection and decision. Code that runs at the start only, or stands in for a database, is not in it. */
const hotRooms = [
  'libs/session-policy/src',
  'libs/sessions/src',
  'libs/token-endpoint/src',
  'libs/tokens/src',
  'libs/resource-server/src',
  'apps/gateway/src/decision.ts',
  'apps/gateway/src/forward-auth',
  'apps/gateway/src/proxy',
];
const cold =
  /\.spec\.ts$|\/memory-[\w-]+\.ts$|\/(outbound-fetch|error-cause)\.ts$|^libs\/resource-server\/src\/nest\/|^libs\/tokens\/src\/signing-keys\//;

const house = process.cwd();
const filesOf = (room: string): string[] =>
  room.endsWith('.ts')
    ? [room]
    : readdirSync(room, { withFileTypes: true }).flatMap((entry) => {
        const path = join(room, entry.name);
        if (entry.isDirectory()) return filesOf(path);
        return path.endsWith('.ts') ? [path] : [];
      });

/** The places of object literals that begin with a spread and then get members which what is spread need not have. */
function growingLiterals(program: ts.Program, files: readonly string[]): string[] {
  const checker = program.getTypeChecker();
  const membersOf = (expression: ts.Expression, certain: boolean): string[] =>
    checker
      .getPropertiesOfType(checker.getApparentType(checker.getTypeAtLocation(expression)))
      .filter(({ flags }) => !certain || !(flags & ts.SymbolFlags.Optional))
      .map(({ name }) => name);
  const grows = (literal: ts.ObjectLiteralExpression): boolean => {
    const [first, ...rest] = literal.properties;
    if (!first || !ts.isSpreadAssignment(first)) return false;
    const there = new Set(membersOf(first.expression, true));
    const added = rest.flatMap((member) =>
      ts.isSpreadAssignment(member) ? membersOf(member.expression, false) : [nameOf(member.name)],
    );
    return added.some((name) => !there.has(name));
  };
  return files.flatMap((file) =>
    placesIn(program.getSourceFile(file)!, file, (node) => ts.isObjectLiteralExpression(node) && grows(node)),
  );
}

/** The places of a file at which something is found. */
function placesIn(source: ts.SourceFile, file: string, isFound: (node: ts.Node) => boolean): string[] {
  const places: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isFound(node))
      places.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return places;
}

/** The rooms in which something runs for each request of people or programs. */
const roomsOfRequests = [
  ...readdirSync('libs').map((room) => `libs/${room}/src`),
  ...['auth-server', 'admin-api', 'gateway'].map((app) => `apps/${app}/src`),
];

/** Whether this is what makes an accessor for one object: a `get` or `set` of a literal, or one in what `defineProperty` is given. */
function makesAccessor(node: ts.Node): boolean {
  if (ts.isAccessor(node)) return ts.isObjectLiteralExpression(node.parent);
  if (!ts.isCallExpression(node) || !/\.definePropert(?:y|ies)$/.test(node.expression.getText()))
    return false;
  return node.arguments.some((given) => /\b[gs]et\b\s*[:(,}]/.test(given.getText()));
}

/** The places at which an accessor is made for one object. */
const accessorsIn = (file: string, text: string): string[] =>
  placesIn(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true), file, makesAccessor);

const nameOf = (name: ts.PropertyName | undefined): string =>
  name && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : '';

function programOf(files: readonly string[], more?: ReadonlyMap<string, string>): ts.Program {
  const { config } = ts.readConfigFile(join(house, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, house);
  const settled = { ...options, noEmit: true, composite: false, incremental: false };
  const host = ts.createCompilerHost(settled);
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...others) => {
    const text = more?.get(relative(house, name)) ?? more?.get(name);
    return text === undefined
      ? getSourceFile(name, ...others)
      : ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  };
  return ts.createProgram([...files, ...(more?.keys() ?? [])], settled, host);
}

/** docs/performance.md: each costs the engine a hidden class, which only a long collection takes back. */
describe('an object literal on a hot path', () => {
  it('does not begin with a spread and then grow', () => {
    const files = hotRooms.flatMap(filesOf).filter((file) => !cold.test(file));
    expect(files.length).toBeGreaterThan(80);
    expect(growingLiterals(programOf(files), files)).toEqual([]);
  }, 60_000);

  it('is found where it does', () => {
    const text = [
      'const a = { x: 1 } as { x: number; y?: number };',
      'export const overwritten = { ...a, x: 2 };',
      'export const behind = { z: 1, ...a };',
      'export const grown = { ...a, z: 1 };',
      'export const perhaps = { ...a, y: 1 };',
      'export const twice = { ...a, ...{ w: 1 } };',
    ].join('\n');
    const made = new Map([['made.ts', text]]);
    const found = growingLiterals(programOf([], made), ['made.ts']);
    expect(found).toEqual(['made.ts:4', 'made.ts:5', 'made.ts:6']);
  }, 60_000);
});

/** docs/performance.md: V8 keeps an accessor in the old generation, and with it all that its function can reach. An accessor of a class is made once. */
describe('an object that is made for a request', () => {
  it('has no accessor of its own', () => {
    const files = roomsOfRequests.flatMap(filesOf);
    expect(files.length).toBeGreaterThan(500);
    expect(files.flatMap((file) => accessorsIn(file, readFileSync(file, 'utf8')))).toEqual([]);
  }, 60_000);

  it('is found where it has one', () => {
    const text = [
      'const a = { get x() { return 1; } };',
      'class B { get y() { return 2; } }',
      "Object.defineProperty(a, 'z', { get: () => 3 });",
      "Object.defineProperty(a, 'w', { value: 4 });",
    ].join('\n');
    expect(accessorsIn('made.ts', text)).toEqual(['made.ts:1', 'made.ts:3']);
  });
});
