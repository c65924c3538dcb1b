/** The entries of a field that has one on each line. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The words of a field that has them with spaces between. */
export const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
