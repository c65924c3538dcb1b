/** A record of a CSV file with the line it begins in. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
  /** The fault in its form. */
  readonly fault?: string;
}

const plainCell = /[^",\r\n]*/y;
const separator = /,|\r\n|\n|\r|$/y;

/** The text of a pattern at a place; null where it is not there. */
function textAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? null;
}

/** The end of a cell (RFC 4180 §2) that begins with a quotation mark; -1 where it is not closed. A pattern would recurse at each character. */
function endOfQuoted(text: string, at: number): number {
  let end = text.indexOf('"', at + 1);
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2);
  return end === -1 ? -1 : end + 1;
}

/** The cell that begins at a place, and its end; null where it is not closed. */
function cellAt(text: string, at: number): readonly [cell: string, end: number] | null {
  if (text[at] !== '"') {
    const cell = textAt(plainCell, text, at) ?? '';
    return [cell, at + cell.length];
  }
  const end = endOfQuoted(text, at);
  return end === -1 ? null : [text.slice(at + 1, end - 1).replaceAll('""', '"'), end];
}

const linesIn = (text: string): number => text.match(/\r\n|\n|\r/g)?.length ?? 0;

/** The place behind the empty lines that begin at a place, and how many there are: a file may be made of nothing else. */
function behindEmptyLines(text: string, from: number): readonly [at: number, lines: number] {
  let [at, lines] = [from, 0];
  for (; text[at] === '\n' || text[at] === '\r'; lines += 1) at += text.startsWith('\r\n', at) ? 2 : 1;
  return [at, lines];
}

/**
 * Reads CSV (RFC 4180) from its beginning; lines that are empty are left out. Reading ends with a record that has a fault, such as too many
 * cells, so that a long line costs no more than a short one.
 */
export function* readCsv(text: string, maxCells: number): Generator<CsvRecord> {
  let [at, line, beginsIn] = [0, 1, 1];
  let cells: string[] = [];
  while (at < text.length) {
    if (cells.length === 0) {
      const [behind, lines] = behindEmptyLines(text, at);
      [at, line, beginsIn] = [behind, line + lines, line + lines];
      if (at === text.length) return;
    }
    const [cell, end] = cellAt(text, at) ?? ['', -1];
    const behind = end === -1 ? null : textAt(separator, text, end);
    if (behind === null) {
      yield { line: beginsIn, cells, fault: 'has a quotation mark inside a cell, or one that is not closed' };
      return;
    }
    if (end > at) line += linesIn(cell);
    at = end + behind.length;
    cells.push(cell);
    if (behind === ',' && at === text.length) cells.push('');
    if (cells.length > maxCells) {
      yield { line: beginsIn, cells, fault: `has more than ${maxCells} cells` };
      return;
    }
    if (behind === ',' && at < text.length) continue;
    if (behind !== ',') line += 1;
    if (cells.length > 1 || cells[0] !== '') yield { line: beginsIn, cells };
    [cells, beginsIn] = [[], line];
  }
}
