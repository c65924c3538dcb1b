import { isAbout, Problem } from '../admin-api/problem.js';
import { linesOf } from './lines.js';

/** A refusal as a form shows it: the words at its fields, and the rest, which belongs to none of them. */
export interface Refusal {
  /** The words at a field. */
  readonly at: (field: string) => string | undefined;
  /** The words at a field that has one entry on each line, each with the line that it is about. */
  readonly atLines: (field: string, text: string) => string | undefined;
  /** The error as far as no field shows it; undefined where the fields show all of it. */
  readonly rest: unknown;
}

/**
 * Lays a refusal out over the fields of a form. Some refusals have a code and no place, such as that of a name that is taken; `codes` says
 * at which field they stand.
 */
export function refusalOf(
  error: unknown,
  fields: readonly string[],
  codes: Readonly<Record<string, string>> = {},
): Refusal {
  if (!(error instanceof Problem)) return { at: () => undefined, atLines: () => undefined, rest: error };
  const byCode = error.faults.length === 0 ? codes[error.code] : undefined;
  const others = error.faults.filter((fault) => !fields.some((field) => isAbout(fault, field)));
  const isShown = byCode !== undefined || (error.faults.length > 0 && others.length === 0);
  const at = (field: string) => (field === byCode ? error.message : error.faultOf(field));
  return {
    at,
    atLines: (field, text) => (field === byCode ? error.message : linesRefused(error, field, text)),
    rest: isShown ? undefined : new Problem(error.status, error.code, error.message, others, error.requestId),
  };
}

function linesRefused({ faults }: Problem, field: string, text: string): string | undefined {
  const lines = linesOf(text);
  const told = faults
    .filter((fault) => isAbout(fault, field))
    .map(({ at, detail }) => {
      const line = lines[Number(new RegExp(`/${field}/(\\d+)`).exec(at)?.[1])];
      return line === undefined ? `It ${detail}.` : `${line} ${detail}.`;
    });
  return told.length === 0 ? undefined : told.join(' ');
}
