import { readFile } from 'node:fs/promises';
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml';
import { CommandError, exitCodes } from '../exit.js';

/** A fault the service found in a description: its place as a JSON pointer below `body/description`, and what is right there. */
export interface DescriptionFault {
  readonly at: string;
  readonly detail: string;
}

/** Where a part of a file stands, and what is written there. */
interface Place {
  readonly line: number | null;
  readonly value: unknown;
}

/** A value is told up to so many characters. */
const maxShown = 80;

/** A description as it was written, so that a fault is told with its line and value. */
export class WrittenDescription {
  readonly content: Readonly<Record<string, unknown>>;

  constructor(
    private readonly file: string,
    private readonly document: Document,
    private readonly lines: LineCounter,
  ) {
    const content: unknown = document.toJS({ maxAliasCount: 50 }) ?? {};
    if (typeof content !== 'object' || Array.isArray(content))
      throw new CommandError(
        `${file}:1: must have members such as policies, resources, clients`,
        exitCodes.usage,
      );
    this.content = content as Readonly<Record<string, unknown>>;
  }

  /** A fault with file, line, field, value and what is right. */
  told({ at, detail }: DescriptionFault): string {
    const path = at
      .split('/')
      .slice(2)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const { line, value } = this.placeOf(path);
    const place = line === null ? this.file : `${this.file}:${line}`;
    const written =
      value === undefined || (typeof value === 'object' && value !== null)
        ? ''
        : ` ${JSON.stringify(value).slice(0, maxShown)}`;
    return `${place}: ${path.join('.') || 'the file'}${written}: ${detail}`;
  }

  private placeOf(path: readonly string[]): Place {
    let node: unknown = this.document.contents;
    let line = 1;
    for (const part of path) {
      const next = childOf(node, part);
      if (next === undefined) return { line, value: undefined };
      line = this.lineOf(next.at) ?? line;
      node = next.value;
    }
    return { line, value: isScalar(node) ? node.value : isNode(node) ? {} : undefined };
  }

  private lineOf(node: unknown): number | null {
    const start = isNode(node) ? node.range?.[0] : undefined;
    return start === undefined ? null : this.lines.linePos(start).line;
  }
}

/** What stands under a name or a number, and the node that says where. */
function childOf(node: unknown, part: string): { readonly at: unknown; readonly value: unknown } | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(part)] as Node | undefined;
    return item && { at: item, value: item };
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(
    (one) => isPair(one) && String(isScalar(one.key) ? one.key.value : one.key) === part,
  );
  return pair && { at: pair.key, value: pair.value };
}

/** Reads a description; the service says what is wrong with it. */
export async function readDescription(file: string): Promise<WrittenDescription> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new CommandError(`${file} cannot be read`, exitCodes.usage);
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault) {
    const { line } = lines.linePos(fault.pos[0]);
    throw new CommandError(`${file}:${line}: is neither YAML nor JSON: ${fault.message}`, exitCodes.usage);
  }
  return new WrittenDescription(file, document, lines);
}
