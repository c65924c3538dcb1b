/** A record of a CSV file with the line it begins in. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
  /** The fault in its form. */
  readonly fault?: string;
}

/** A cell (RFC 4180 §2), and what stands behind it. */
const cell = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|\n|\r|$)/y;

const linesIn = (text: string): number => text.match(/\r\n|\n|\r/g)?.length ?? 0;

/** Reads CSV (RFC 4180) from its beginning; lines that are empty are left out. Reading ends with a record that has a fault. */
export function* readCsv(text: string): Generator<CsvRecord> {
  let [at, line, beginsIn] = [0, 1, 1];
  let cells: string[] = [];
  while (at < text.length) {
    cell.lastIndex = at;
    const match = cell.exec(text);
    if (!match) {
      yield { line: beginsIn, cells, fault: 'has a quotation mark inside a cell, or one that is not closed' };
      return;
    }
    const [all, written = '', behind = ''] = match;
    at += all.length;
    line += linesIn(all);
    cells.push(written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written);
    if (behind === ',' && at < text.length) continue;
    if (behind === ',') cells.push('');
    if (cells.length > 1 || cells[0] !== '') yield { line: beginsIn, cells };
    [cells, beginsIn] = [[], line];
  }
}
