/** One server-sent event (HTML Living Standard §9.2). */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** The longest line that is read; a feed that sends longer ones is none of ours. */
const maxLineLength = 4 * 1024 * 1024;

/** An event, or a line of one, was longer than any the session feed sends. */
export class OversizedEvent extends RangeError {
  override readonly name = 'OversizedEvent';
}

/** Reads an event stream piece by piece. */
export class EventStreamReader {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #event = '';
  #data: string[] = [];
  /** Characters of the event that has begun. */
  #held = 0;
  #id: string | undefined;

  /** The events that are complete with this chunk. */
  read(chunk: Uint8Array): StreamEvent[] {
    const text = this.#rest + this.#decoder.decode(chunk, { stream: true });
    // A carriage return at the very end may be the first half of a line's end.
    const held = text.endsWith('\r') ? '\r' : '';
    const lines = text.slice(0, text.length - held.length).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? '') + held;
    if (this.#rest.length > maxLineLength) throw new OversizedEvent();
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): StreamEvent | undefined {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#event = value;
    if (field === 'data') {
      this.#held += value.length + 1;
      if (this.#held > maxLineLength) throw new OversizedEvent();
      this.#data.push(value);
    }
    if (field === 'id') this.#id = value;
    return undefined;
  }

  #dispatch(): StreamEvent | undefined {
    const [event, data, id] = [this.#event || 'message', this.#data, this.#id];
    this.#event = '';
    this.#data = [];
    this.#held = 0;
    this.#id = undefined;
    return data.length === 0 ? undefined : { event, data: data.join('\n'), id };
  }
}
