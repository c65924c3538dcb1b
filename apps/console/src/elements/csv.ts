/** A column of a table: its heading and the text of a row in it. */
export interface CsvColumn<Row> {
  readonly heading: string;
  readonly text: (row: Row) => string | number | null;
}

/**
 * The places at which a spreadsheet would take a text for a formula: its beginning, and after each separator that spreadsheets of
 * some regions know in place of the comma. Full-width signs count, too (OWASP CSV Injection).
 */
const formulas = /(^|[;|\t\r\n])(?=[\s"']*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])/g;

/** A cell as RFC 4180 §2 writes it. A text that a spreadsheet would run as a formula gets a quote before it. */
export function csvCell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const harmless = typeof value === 'string' ? text.replaceAll(formulas, "$1'") : text;
  return /[",;\t\n\r]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** A table as comma-separated values. */
export const csvOf = <Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string =>
  [columns.map(({ heading }) => heading), ...rows.map((row) => columns.map(({ text }) => text(row)))]
    .map((cells) => cells.map(csvCell).join(','))
    .join('\r\n');

/** Hands something to the person as a file; a text is comma-separated values. */
export function download(name: string, content: string | Blob): void {
  const file = content instanceof Blob ? content : new Blob([content], { type: 'text/csv;charset=utf-8' });
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
