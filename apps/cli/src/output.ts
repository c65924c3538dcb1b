/** The output of a command, for a person or a script. */
export interface Output {
  /** For scripts: one JSON document, or one per line where there is no end. */
  readonly json: boolean;
  /** Whether a person sits at the terminal and can be asked. */
  readonly interactive: boolean;
  line(text?: string): void;
  /** Beside the result: progress, warnings, questions. */
  aside(text: string): void;
}

/** Writes to the terminal. */
export const terminal = (json: boolean): Output => ({
  json,
  interactive: process.stdin.isTTY === true && process.stderr.isTTY === true,
  line: (text = '') => {
    process.stdout.write(`${text}\n`);
  },
  aside: (text) => {
    process.stderr.write(`${text}\n`);
  },
});

/** Without what could steer a terminal: names and notes are other people's texts. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');

const shown = (value: unknown): string => {
  if (value === null || value === undefined || value === '') return '-';
  if (Array.isArray(value)) return value.length === 0 ? '-' : printable(value.join(' '));
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
};

/** The most of a value that a sentence has room for. */
const sentenceRoom = 80;

/** A value within a sentence, cut where it is long. */
export function shortly(value: unknown): string {
  const text = shown(value);
  return text.length > sentenceRoom ? `${text.slice(0, sentenceRoom)}…` : text;
}

/** Rows under headings, each column as wide as it needs to be. */
export function table(headings: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = [headings, ...rows.map((row) => row.map(shown))];
  const widths = headings.map((_, column) =>
    Math.max(...cells.map((row) => [...(row[column] ?? '')].length)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** An actor as text: a person by name, any other by kind and id; null for none. */
export const actorText = (
  by: { kind: string; id: string | null; ip: string | null; username: string | null } | null,
): string | null => by && [by.kind, by.username ?? by.id, by.ip && `from ${by.ip}`].filter(Boolean).join(' ');

/** Names and values, one per line. */
export function facts(pairs: readonly (readonly [string, unknown])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`).join('\n');
}

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** Seconds as people say them: the two largest units. */
export function length(seconds: number): string {
  const parts: string[] = [];
  let left = seconds;
  for (const [unit, size] of units) {
    if (left >= size && parts.length < 2) {
      parts.push(`${Math.floor(left / size)}${unit}`);
      left %= size;
    }
  }
  return parts.length === 0 ? `${left}s` : parts.join(' ');
}
