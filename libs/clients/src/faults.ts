import type { z } from 'zod';

const pathOf = (path: readonly PropertyKey[]): string =>
  path
    .reduce<string>(
      (text, part) => (typeof part === 'number' ? `${text}[${part}]` : `${text}.${String(part)}`),
      '',
    )
    .slice(1);

const sentenceOf = (issue: z.core.$ZodIssue): string[] => {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${JSON.stringify(key.slice(0, 64))} is not a member of a registration`);
  }
  const path = pathOf(issue.path);
  if (path === '') return ['a registration must be an object'];
  if (issue.code === 'invalid_type' && issue.input === undefined) return [`${path} is required`];
  // The rules of key sets name their own place.
  return [issue.message.startsWith('jwks') ? issue.message : `${path} ${issue.message}`];
};

/** The faults of a registration as sentences that name the member and never its value. */
export const sentencesOf = (issues: readonly z.core.$ZodIssue[]): string[] => issues.flatMap(sentenceOf);
