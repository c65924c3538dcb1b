import type { Problem } from '../admin-api/problem.js';

/** The entries of a field that has one on each line. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The refusals of a field that has one entry on each line, each with the line that it is about. */
export function problemOfLines(
  problem: Problem | undefined,
  member: string,
  text: string,
): string | undefined {
  const lines = linesOf(text);
  const told = (problem?.faults ?? []).flatMap(({ at, detail }) => {
    const place = new RegExp(`/${member}(?:/(\\d+))?$`).exec(at);
    if (!place) return [];
    const line = place[1] === undefined ? undefined : lines[Number(place[1])];
    return [line === undefined ? `It ${detail}.` : `${line} ${detail}.`];
  });
  return told.length === 0 ? undefined : told.join(' ');
}

/** The words of a field that has them with spaces between. */
export const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
