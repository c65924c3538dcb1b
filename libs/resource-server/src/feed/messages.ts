/** Everything an account, a client or everyone had authorized until `at` (milliseconds since the epoch) is over. */
export interface MassEnd {
  readonly kind: 'account' | 'client' | 'everyone';
  readonly target: string;
  readonly at: number;
}

/** Ends as the feed tells them: session ids, SHA-256 (hexadecimal) of single tokens, mass ends. */
export interface Ends {
  readonly sessions: readonly string[];
  readonly tokens: readonly string[];
  readonly all: readonly MassEnd[];
}

/** The feed said something that is not in its language. */
export class UnreadableFeed extends TypeError {
  override readonly name = 'UnreadableFeed';
}

/** Reads the data of an `ends` event. */
export function readEnds(data: string): Ends {
  const { sessions, tokens, all } = parse(data) as Partial<Ends>;
  if (!Array.isArray(sessions) || !Array.isArray(tokens) || !Array.isArray(all)) throw new UnreadableFeed();
  return { sessions, tokens, all };
}

/** Reads the data of a `beat` event: the authorization server's time when everything before it had been told. */
export function readBeat(data: string): number {
  const { at } = parse(data) as { at?: unknown };
  if (typeof at !== 'number') throw new UnreadableFeed();
  return at;
}

function parse(data: string): object {
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Answered below.
  }
  throw new UnreadableFeed();
}

/** Reads the node of a `hello` event; undefined where the authorization server is of a version without it. */
export function readNode(data: string): string | undefined {
  const { node } = parse(data) as { node?: unknown };
  // It goes into a header.
  return typeof node === 'string' && /^[0-9A-Za-z.:-]{1,300}$/.test(node) ? node : undefined;
}

/** Reads the data of a `hello`, `probe` or `confirm` event: an id. */
export function readId(data: string): string {
  const { id } = parse(data) as { id?: unknown };
  if (typeof id !== 'string') throw new UnreadableFeed();
  return id;
}
