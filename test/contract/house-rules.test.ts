import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { contractsOf, filesBelow, isProduct, nodesIn, placeOf, syntaxOf } from '../support/sources.js';

const house = process.cwd();
const everything = filesBelow('.');
const isSource = (path: string) => /\.(ts|tsx|mts|mjs|cjs|js|jsx)$/.test(path);
const sources = everything.filter(isSource);
const product = everything.filter(isProduct);
const places = (files: readonly string[], matches: (node: ts.Node) => boolean): string[] =>
  nodesIn(files, matches).map(placeOf);

const isNamed = (node: ts.Node, name: string): boolean => ts.isIdentifier(node) && node.text === name;

/** Reads the current time of the process: Date.now, new Date(), Date(), or the instant at which it began. */
const readsTheTime = (node: ts.Node): boolean => {
  if (ts.isPropertyAccessExpression(node))
    return (isNamed(node.expression, 'Date') && node.name.text === 'now') || node.name.text === 'timeOrigin';
  if (ts.isNewExpression(node))
    return isNamed(node.expression, 'Date') && (node.arguments?.length ?? 0) === 0;
  return ts.isCallExpression(node) && isNamed(node.expression, 'Date');
};

interface Exported {
  readonly name: string;
  readonly declaration: ts.Node;
}

const declarationsIn = (path: string): Exported[] =>
  syntaxOf(path).statements.flatMap((statement): Exported[] => {
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map(({ name }) => ({
        name: name.getText(),
        declaration: statement,
      }));
    }
    const name = (statement as ts.Statement & { name?: ts.Node }).name;
    return name === undefined ? [] : [{ name: name.getText(), declaration: statement }];
  });

const isExported = ({ declaration }: Exported): boolean =>
  ts.canHaveModifiers(declaration) &&
  (ts.getModifiers(declaration)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false);

/** The exports of a module, followed through its re-exports to the declarations. */
const exportsOf = (path: string): Exported[] => {
  const own = declarationsIn(path).filter(isExported);
  const passedOn = syntaxOf(path)
    .statements.filter(ts.isExportDeclaration)
    .flatMap((statement): Exported[] => {
      const specifier = statement.moduleSpecifier;
      const names = statement.exportClause;
      if (specifier === undefined || !ts.isStringLiteral(specifier) || !specifier.text.startsWith('.'))
        return [];
      const target = relative(house, join(house, dirname(path), specifier.text.replace(/\.js$/, '.ts')));
      const offered = exportsOf(target);
      if (names === undefined) return offered;
      if (!ts.isNamedExports(names)) return [];
      return names.elements.flatMap((element) => {
        const wanted = (element.propertyName ?? element.name).text;
        return offered
          .filter(({ name }) => name === wanted)
          .map((found) => ({ ...found, name: element.name.text }));
      });
    });
  return [...own, ...passedOn];
};

const indexes = everything.filter((path) => /^libs\/[^/]+\/src\/index\.ts$/.test(path));
const isDocumented = (node: ts.Node): boolean =>
  ts.getJSDocCommentsAndTags(node).some((doc) => /\w+ \w+/.test(doc.getText()));

/** The doors of a room beside its index, as its package.json exports them (ADR 81). */
const doorsOf = (index: string): string[] => {
  const room = index.slice(0, -'/src/index.ts'.length);
  const { exports: offered } = JSON.parse(readFileSync(join(house, room, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  return Object.keys(offered)
    .filter((name) => /^\.\/[a-z-]+$/.test(name))
    .map((name) => `${room}/src/${name.slice(2)}`)
    .map((file) => (everything.includes(`${file}.ts`) ? `${file}.ts` : `${file}/index.ts`));
};
const doors = indexes.flatMap((index) => [index, ...doorsOf(index)]);

/** Names that an index or another door of a room may export. */
const maxExports = 40;

/** The name by which others import a door. */
const doorName = (path: string): string =>
  path.replace(/^libs\/([^/]+)\/src\/(.*?)(\/?index)?\.ts$/, (_, room, door) =>
    door === '' ? `@curfew/${room}` : `@curfew/${room}/${door}`,
  );

/** Names imported from each door, by files outside its room; also those of `const { name } = await import(door)`. */
const importedFrom = (): Map<string, Set<string>> => {
  const found = new Map<string, Set<string>>();
  const note = (door: ts.Node | undefined, names: readonly string[]) => {
    if (door === undefined || !ts.isStringLiteral(door)) return;
    found.set(door.text, new Set([...(found.get(door.text) ?? []), ...names]));
  };
  const isDynamic = (node: ts.Node): node is ts.CallExpression =>
    ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  for (const path of sources) {
    for (const statement of syntaxOf(path).statements) {
      if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
      const names = ts.isImportDeclaration(statement)
        ? statement.importClause?.namedBindings
        : statement.exportClause;
      if (names !== undefined && (ts.isNamedImports(names) || ts.isNamedExports(names)))
        note(
          statement.moduleSpecifier,
          names.elements.map(({ propertyName, name }) => (propertyName ?? name).text),
        );
    }
  }
  for (const node of nodesIn(sources, ts.isVariableDeclaration)) {
    const { name, initializer } = node as ts.VariableDeclaration;
    if (!ts.isObjectBindingPattern(name) || !initializer || !ts.isAwaitExpression(initializer)) continue;
    if (isDynamic(initializer.expression))
      note(
        initializer.expression.arguments[0],
        name.elements.map((element) => (element.propertyName ?? element.name).getText()),
      );
  }
  return found;
};

describe('this house', () => {
  it('was looked at: rooms, apps and sources were found', () => {
    expect(indexes.length).toBeGreaterThanOrEqual(12);
    expect(product.length).toBeGreaterThan(30);
    expect(indexes.flatMap(exportsOf).length).toBeGreaterThan(50);
  });

  it('reads the current time in libs/clock only, and in the packages for others, which need no other room', () => {
    const packages = ['libs/resource-server/src/server-clock.ts', 'libs/browser/src/passed-time.ts'];
    const elsewhere = product.filter((path) => !path.startsWith('libs/clock/') && !packages.includes(path));
    for (const unmeasured of packages) expect(places([unmeasured], readsTheTime)).toHaveLength(1);
    expect(places(elsewhere, readsTheTime)).toEqual([]);
  });

  it('decides about refreshes in libs/sessions only', () => {
    const elsewhere = product.filter((path) => !/^libs\/(session-policy|sessions)\//.test(path));
    expect(places(elsewhere, (node) => isNamed(node, 'decideRefresh'))).toEqual([]);
  });

  it('has no promise in libs/session-policy', () => {
    const domain = product.filter((path) => path.startsWith('libs/session-policy/'));
    const waits = (node: ts.Node) => node.kind === ts.SyntaxKind.AsyncKeyword || isNamed(node, 'Promise');
    expect(places(domain, waits)).toEqual([]);
  });

  it('throws errors of a closed set in libs, never a bare Error', () => {
    const rooms = product.filter((path) => path.startsWith('libs/'));
    const bare = (node: ts.Node) =>
      ts.isThrowStatement(node) &&
      ts.isNewExpression(node.expression) &&
      isNamed(node.expression.expression, 'Error');
    expect(places(rooms, bare)).toEqual([]);
  });

  it('handles each contract of the admin API: the document, which is made from the handlers, has its operation', () => {
    const ids = contractsOf('apps/admin-api').flatMap((contract) => contract.get('id') ?? []);
    expect(ids.length).toBeGreaterThan(100);
    const document = readFileSync(join(house, 'docs/openapi.json'), 'utf8');
    expect(ids.filter((id) => !document.includes(`"operationId": "${id}"`))).toEqual([]);
  });

  it('exports at most 40 names from each door of a room', () => {
    expect(doors.length).toBeGreaterThan(indexes.length + 10);
    const counts = doors.map((door) => {
      const generated = ({ declaration }: Exported) =>
        declaration.getSourceFile().fileName.includes('/generated/');
      const names = new Set(
        exportsOf(door)
          .filter((one) => !generated(one))
          .map(({ name }) => name),
      );
      return [doorName(door), names.size] as const;
    });
    expect(counts.filter(([, count]) => count > maxExports)).toEqual([]);
    expect(counts.filter(([, count]) => count === 0)).toEqual([]);
  });

  it('exports from an index only what somebody outside the room uses', () => {
    const imported = importedFrom();
    // Those are published: programs of other people use them.
    const own = indexes.filter((index) => !/^libs\/(resource-server|browser)\//.test(index));
    // A declaration may need the name of a type that nobody imports.
    const isType = ({ declaration }: Exported) =>
      ts.isInterfaceDeclaration(declaration) || ts.isTypeAliasDeclaration(declaration);
    const unused = own.flatMap((index) => {
      const used = imported.get(doorName(index));
      return exportsOf(index)
        .filter(({ declaration }) => !declaration.getSourceFile().fileName.includes('/generated/'))
        .filter((one) => !isType(one) && !used?.has(one.name))
        .map(({ name }) => `${doorName(index)}: ${name}`);
    });
    expect(unused).toEqual([]);
  });

  it('has at most 16 casts that the compiler cannot follow', () => {
    const isUnknown = (node: ts.Node) =>
      ts.isAsExpression(node) && node.type.kind === ts.SyntaxKind.UnknownKeyword;
    const isBlind = (node: ts.Node) =>
      ts.isAsExpression(node) &&
      (node.type.kind === ts.SyntaxKind.NeverKeyword || isUnknown(node.expression));
    expect(places(product, isBlind).length).toBeLessThanOrEqual(16);
  });

  it('has no dumping ground: nothing is called util, helper, common, shared or misc', () => {
    const dump = /(^|[/.-])(utils?|helpers?|common|shared|misc)([/.-]|$)/i;
    expect(everything.filter((path) => dump.test(path))).toEqual([]);
  });

  describe('and its sizes', () => {
    const lineOf = (node: ts.Node, position: number) =>
      node.getSourceFile().getLineAndCharacterOfPosition(position).line;
    const linesOf = (node: ts.Node) => lineOf(node, node.end) - lineOf(node, node.getStart()) + 1;
    const hasBody = (node: ts.Node) => ts.isFunctionLike(node) && 'body' in node && node.body !== undefined;
    const functions = nodesIn(product, hasBody);
    const lengthOf = (path: string) => readFileSync(join(house, path), 'utf8').trimEnd().split('\n').length;
    /** The number below which this share of them is. */
    const quantile = (numbers: readonly number[], share: number) =>
      numbers.toSorted((a, b) => a - b)[Math.ceil(numbers.length * share) - 1]!;

    it('has no function over 60 lines, its signature included, and nineteen of twenty have at most 25', () => {
      expect(places(product, (node) => ts.isFunctionLike(node) && linesOf(node) > 60)).toEqual([]);
      expect(quantile(functions.map(linesOf), 0.95)).toBeLessThanOrEqual(25);
    });

    it('has no source file over 300 lines, no test over 650, and half of the sources have at most 70', () => {
      const most = (path: string) => (path.startsWith('test/') ? 650 : 300);
      expect(sources.filter((path) => lengthOf(path) > most(path))).toEqual([]);
      expect(quantile(product.map(lengthOf), 0.5)).toBeLessThanOrEqual(70);
    });
  });

  it('says in a sentence what each export of a room is', () => {
    const silent = doors.flatMap((door) =>
      exportsOf(door)
        .filter(({ declaration }) => !declaration.getSourceFile().fileName.includes('/generated/'))
        .filter(({ declaration }) => !isDocumented(declaration))
        .map(({ name, declaration }) => `${name} (${placeOf(declaration)})`),
    );
    expect([...new Set(silent)]).toEqual([]);
  });

  describe('and its language', () => {
    const clausal = /^(What|Whatever|Whoever|Where|Wherever|Who|So many|So much|Of)\b(?!.*\?$)/;
    const commentsOf = (text: string) =>
      [...text.matchAll(/\/\*\*?[\s\S]*?\*\/|(?:^\s*(?:\/\/|--) .*\n)+/gm)].map(([comment]) =>
        comment.replace(/^\s*(?:\/\*\*?|\*\/|\*|\/\/|--)/gm, ' ').replace(/\*\/$/, ''),
      );
    const proseOf = (text: string) =>
      text
        .replace(/```[\s\S]*?```/g, '')
        .split(/\n\n|\n(?=[-#\d])|\n?\|/)
        .map((part) => part.replace(/^[-#*\d. ]+/, ''));
    const clausesOf = (path: string): string[] => {
      const text = readFileSync(join(house, path), 'utf8');
      return (path.endsWith('.md') ? proseOf(text) : commentsOf(text))
        .flatMap((part) =>
          part
            .replace(/\s+/g, ' ')
            .trim()
            .split(/(?<=[.;:]) /),
        )
        .map((clause) => clause.slice(0, 1).toUpperCase() + clause.slice(1))
        .filter((clause) => clausal.test(clause));
    };
    const pages = everything.filter((path) => /^(docs\/(guides\/)?)?[^/]+\.md$/.test(path));

    const clausesIn = (paths: readonly string[]) =>
      paths.flatMap((path) => clausesOf(path).map((clause) => `${path}: ${clause}`));

    it('begins clauses with their subject', () => {
      expect(clausesIn([...product, ...pages.filter((page) => page !== 'CHANGELOG.md')])).toEqual([]);
    });

    it('begins nearly all clauses of tests with their subject', () => {
      const others = clausesIn(
        sources.filter((path) => /^(apps|libs|test)\//.test(path) && !isProduct(path)),
      );
      expect(others.length > 10 ? others : []).toEqual([]);
    });
  });

  describe('and CONTEXT.md', () => {
    const glossary = readFileSync(join(house, 'CONTEXT.md'), 'utf8');
    const inWords = (text: string): string =>
      ` ${text
        .split(/(?<=[a-z\d])(?=[A-Z])|[^\p{L}\d]+/u)
        .map((word) => word.toLowerCase().replace(/ies$/, 'y').replace(/s$/, ''))
        .join(' ')} `;
    const terms = [...glossary.matchAll(/\*\*([^*]+)\*\*/g)].map(([, term]) => inWords(String(term)));
    const never = (/^Never in a name: (.+)\.$/m.exec(glossary)?.[1] ?? '').split(', ').map(inWords);
    const nouns = doors
      .flatMap(exportsOf)
      .filter(({ name }) => /^[A-Z][a-z]/.test(name))
      .filter(({ declaration }) => !declaration.getSourceFile().fileName.includes('/generated/'));
    const named = (exported: readonly Exported[]) => [
      ...new Set(exported.map(({ name, declaration }) => `${name} (${placeOf(declaration)})`)),
    ];

    it('agree: every noun a room exports is a term of the glossary, or a term and what is said of it', () => {
      expect(terms.length).toBeGreaterThan(50);
      const isTerm = ({ name }: Exported) =>
        glossary.includes(`\`${name}\``) || terms.some((term) => inWords(name).includes(term));
      expect(named(nouns.filter((noun) => !isTerm(noun)))).toEqual([]);
    });

    it('agree: no exported noun has a second word for something that has one', () => {
      expect(never.length).toBeGreaterThan(5);
      const isAvoided = ({ name }: Exported) => never.some((word) => inWords(name).includes(word));
      expect(named(nouns.filter(isAvoided))).toEqual([]);
    });
  });
});
