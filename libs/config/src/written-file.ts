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

/** The line of a part of a file, and the value written there; a list or a map is shown as `{}`. */
export interface WrittenPlace {
  readonly line: number | null;
  readonly value: unknown;
}

/** A file that is neither YAML nor JSON; says at which line. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile';

  constructor(
    readonly line: number,
    why: string,
  ) {
    super(`is neither YAML nor JSON: ${why}`);
  }
}

/** Aliases may be used, but not so many that a small file becomes a large one. */
const maxAliasCount = 100;

/** A file that somebody wrote in YAML or JSON, so that a fault in it can be told with its line. */
export class WrittenFile {
  readonly content: unknown;

  private constructor(
    private readonly document: Document,
    private readonly lines: LineCounter,
  ) {
    this.content = document.toJS({ maxAliasCount });
  }

  /** @throws UnreadableFile */
  static of(text: string): WrittenFile {
    const lines = new LineCounter();
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
    const [fault] = document.errors;
    if (fault) throw new UnreadableFile(lines.linePos(fault.pos[0]).line, fault.message);
    try {
      return new WrittenFile(document, lines);
    } catch (error) {
      throw new UnreadableFile(1, error instanceof Error ? error.message : String(error));
    }
  }

  /** The place of a member; if it is missing, the place of the innermost member that is there. */
  placeOf(path: readonly PropertyKey[]): WrittenPlace {
    let node: unknown = this.document.contents;
    let line: number | null = 1;
    for (const part of path) {
      const next = childOf(node, String(part));
      if (next === undefined) return { line, value: undefined };
      line = this.#lineOf(next.at) ?? line;
      node = next.value;
    }
    return { line, value: isScalar(node) ? node.value : isNode(node) ? {} : undefined };
  }

  #lineOf(node: unknown): number | null {
    const start = isNode(node) ? node.range?.[0] : undefined;
    return start === undefined ? null : this.lines.linePos(start).line;
  }
}

/** The value under a name or a number, and the node with its place. */
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
