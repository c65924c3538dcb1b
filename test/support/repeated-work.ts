import ts from 'typescript';

/** Modules whose timers have the names of the global ones. */
const timerModules = new Set(['node:timers', 'node:timers/promises', 'timers', 'timers/promises']);
/** A wait for a beat of the process (libs/clock) is a timer as well. */
const beats = new Set(['untilBeat', 'waitForBeatMs']);

const cached = <T>(read: (file: ts.SourceFile) => T) => {
  const known = new WeakMap<ts.SourceFile, T>();
  return (node: ts.Node): T => {
    const file = node.getSourceFile();
    const value = known.get(file) ?? read(file);
    known.set(file, value);
    return value;
  };
};

/** The imports from the modules of timers: bindings, and names that stand for a whole module. */
const timerImports = (file: ts.SourceFile): ts.ImportClause[] =>
  file.statements.flatMap((statement) =>
    ts.isImportDeclaration(statement) &&
    ts.isStringLiteral(statement.moduleSpecifier) &&
    timerModules.has(statement.moduleSpecifier.text) &&
    statement.importClause
      ? statement.importClause
      : [],
  );

/** The timers of a file by the name that they have there, which may be another one: `import { setTimeout as pause }`. */
const timersOf = cached((file) => {
  const timers = new Map([...beats, 'setTimeout', 'setInterval'].map((name) => [name, name]));
  for (const { namedBindings } of timerImports(file))
    if (namedBindings && ts.isNamedImports(namedBindings))
      for (const { name, propertyName } of namedBindings.elements)
        timers.set(name.text, (propertyName ?? name).text);
  return timers;
});

/** The names that stand for a module of timers, or for an object that has them. `socket.setTimeout` is no timer of the process. */
const timerModulesOf = cached((file) => {
  const names = timerImports(file).flatMap(({ name, namedBindings }) => [
    ...(name ? [name.text] : []),
    ...(namedBindings && ts.isNamespaceImport(namedBindings) ? [namedBindings.name.text] : []),
  ]);
  return new Set(['globalThis', 'scheduler', ...names]);
});

/** The name under which Node or libs/clock has the timer that this call starts; undefined for any other node. */
function timerOf(node: ts.Node): string | undefined {
  if (!ts.isCallExpression(node)) return undefined;
  const { expression } = node;
  if (ts.isIdentifier(expression)) return timersOf(node).get(expression.text);
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const of = expression.expression.getText().split('.')[0]!;
  const { text } = expression.name;
  return timerModulesOf(node).has(of) && /^(setTimeout|setInterval|wait)$/.test(text) ? text : undefined;
}

const nameOf = (node: ts.Node): string | undefined => {
  if (!ts.isFunctionLike(node)) return undefined;
  const named = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined);
  return named && (ts.isIdentifier(named) || ts.isPrivateIdentifier(named)) ? named.text : undefined;
};

/** The names that code uses, and may call. */
const namesIn = (node: ts.Node): Set<string> => {
  const names = new Set<string>();
  const visit = (one: ts.Node): void => {
    if (ts.isIdentifier(one) || ts.isPrivateIdentifier(one)) names.add(one.text);
    ts.forEachChild(one, visit);
  };
  visit(node);
  return names;
};

/** The functions of a file, each with the names that it uses. */
const functionsOf = cached((file) => {
  const functions = new Map<string, Set<string>>();
  const visit = (node: ts.Node): void => {
    const name = nameOf(node);
    const body = name === undefined ? undefined : (node as ts.FunctionLikeDeclaration).body;
    if (name !== undefined && body) functions.set(name, namesIn(body));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return functions;
});

/** The functions of a file that do nothing but wait: `const nap = () => pause(1_000)`. */
const waitsOf = cached((file) => {
  const waits = new Set<string>();
  const visit = (node: ts.Node): void => {
    const name = nameOf(node);
    if (name !== undefined && ts.isArrowFunction(node) && holdsTimer(node.body)) waits.add(name);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return waits;
});
/** Whether an expression is a timer, or a promise that a timer settles. */
const holdsTimer = (node: ts.Node): boolean => {
  if (timerOf(node) !== undefined) return true;
  const isPromise = ts.isNewExpression(node) && node.expression.getText() === 'Promise';
  if (!isPromise && !ts.isArrowFunction(node)) return false;
  return (ts.isArrowFunction(node) ? [node.body] : (node.arguments ?? [])).some(holdsTimer);
};

const leadsTo = (from: Iterable<string>, goals: ReadonlySet<string>, node: ts.Node): boolean => {
  const functions = functionsOf(node);
  const seen = new Set<string>();
  const waiting = [...from];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (goals.has(name)) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    waiting.push(...(functions.get(name) ?? []));
  }
  return false;
};

/** Whether the code around a timer runs in a loop. The function that settles a promise belongs to the code around it. */
const isInLoop = (node: ts.Node): boolean => {
  for (let at = node.parent; at; at = at.parent) {
    if (ts.isIterationStatement(at, false)) return true;
    if (
      ts.isFunctionLike(at) &&
      !(ts.isNewExpression(at.parent) && at.parent.expression.getText() === 'Promise')
    )
      return false;
  }
  return false;
};

/** Whether the callback of a timer leads, by whatever functions of its file, to a function that starts it again. */
const startsItselfAgain = (call: ts.CallExpression): boolean => {
  const around = new Set<string>();
  for (let at: ts.Node = call; at; at = at.parent) {
    const name = nameOf(at);
    if (name !== undefined) around.add(name);
  }
  const callback = call.arguments[0];
  return callback !== undefined && leadsTo(namesIn(callback), around, call);
};

/** Code that does something again and again by itself: an interval, a timer in a loop, a timer that starts itself again, a watch that polls. */
export function repeatsItself(node: ts.Node): boolean {
  if (!ts.isCallExpression(node)) return false;
  if (/(^|\.)watchFile$/.test(node.expression.getText())) return true;
  if (ts.isIdentifier(node.expression) && waitsOf(node).has(node.expression.text)) return isInLoop(node);
  const timer = timerOf(node);
  if (timer === undefined) return false;
  return timer === 'setInterval' || isInLoop(node) || startsItselfAgain(node);
}
