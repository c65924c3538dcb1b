import type { OperationContract } from './operation.js';

/** A path of the document with the method it is asked by, and how to recognise it in a request. */
export interface OperationPath {
  readonly path: string;
  readonly method: string;
  readonly pattern: RegExp;
}

/** The paths of these operations. */
export const operationPaths = (contracts: readonly OperationContract[]): readonly OperationPath[] =>
  contracts.map(({ path, method }) => ({
    path,
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  }));

/** The path of the operation a request target is for, as the document has it; 'unknown' for anything else. */
export function routeOf(target: string, paths: readonly OperationPath[]): string {
  const asked = target.split('?', 1)[0]!;
  // A path of fixed words comes before one of the same length with a parameter.
  const found = paths.find(({ path }) => path === asked) ?? paths.find(({ pattern }) => pattern.test(asked));
  return found?.path ?? 'unknown';
}
