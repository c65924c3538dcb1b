import { readCsv } from './csv.js';

/** The formats of a file of accounts. */
export const accountFileFormats = ['jsonl', 'csv'] as const;

/** A format of a file of accounts. */
export type AccountFileFormat = (typeof accountFileFormats)[number];

/** An account of a file has at most so many members; a file that names more is none of accounts. */
export const maxMembers = 50;

/** A fault in a file of accounts: its line, the member it is about, and what is right there. */
export interface ImportFault {
  readonly line: number;
  readonly member?: string;
  readonly detail: string;
}

/** The members of one account as a file has them. */
export interface WrittenAccount {
  readonly line: number;
  readonly members: Readonly<Record<string, unknown>>;
}

/** Reads a file of accounts, up to so many records: a file of very many costs no more than that. */
export function readAccountFile(
  format: AccountFileFormat,
  content: string,
  most: number,
): (WrittenAccount | ImportFault)[] {
  // A byte order mark, which spreadsheets write.
  const text = content.replace(/^\uFEFF/, '');
  const records: (WrittenAccount | ImportFault)[] = [];
  for (const record of format === 'csv' ? accountsInCsv(text) : accountsInLines(text)) {
    records.push(record);
    if (records.length >= most) break;
  }
  return records;
}

function* accountsInLines(text: string): Generator<WrittenAccount | ImportFault> {
  for (let [line, at] = [1, 0]; at < text.length; line += 1) {
    const end = text.indexOf('\n', at);
    const written = text.slice(at, end === -1 ? text.length : end);
    at += written.length + 1;
    if (written.trim() === '') continue;
    const members = membersIn(written);
    yield members ? { line, members } : { line, detail: 'must be a JSON object' };
  }
}

function membersIn(written: string): WrittenAccount['members'] | undefined {
  try {
    const read: unknown = JSON.parse(written);
    if (typeof read === 'object' && read !== null && !Array.isArray(read))
      return read as WrittenAccount['members'];
  } catch {
    // The error of the parser would repeat the line.
  }
  return undefined;
}

function* accountsInCsv(text: string): Generator<WrittenAccount | ImportFault> {
  let names: readonly string[] | undefined;
  for (const { line, cells, fault } of readCsv(text, maxMembers)) {
    if (fault !== undefined) yield { line, detail: fault };
    else if (names === undefined) {
      names = cells.map((name) => name.trim());
      if (new Set(names).size < names.length) yield { line, detail: 'names a column twice' };
    } else if (cells.length !== names.length)
      yield {
        line,
        detail: `must have ${names.length} cells, as the first line has, and has ${cells.length}`,
      };
    else yield { line, members: membersOf(names, cells) };
  }
}

const flags: Readonly<Record<string, boolean>> = { true: true, false: false };

/** Cells as the members of JSON; an empty cell says nothing. */
function membersOf(names: readonly string[], cells: readonly string[]): WrittenAccount['members'] {
  const given = names.map((name, index): [string, unknown] => [name, readCell(name, cells[index]!)]);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

function readCell(name: string, cell: string): unknown {
  if (cell === '') return undefined;
  if (name === 'groups') return cell.split(';').map((group) => group.trim());
  if (name === 'email_verified' || name === 'disabled') return flags[cell.toLowerCase()] ?? cell;
  return cell;
}
