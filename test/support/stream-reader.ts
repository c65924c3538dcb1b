import { setTimeout as pause } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';

/** A reader of server-sent events that comes back with its position whenever its stream ends, after the while that the server said. */
export class StreamReader {
  readonly messages: EventSourceMessage[] = [];
  /** When each stream began and ended, by the steady clock, and the headers of its answer. */
  readonly streams: { readonly began: number; ended?: number; readonly headers: Headers }[] = [];
  readonly #stopping = new AbortController();
  readonly #reading: Promise<void>;
  #position: string | undefined;
  #retryMs = 100;
  /** The last answer that was no stream. */
  #refusal = '';

  constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
  ) {
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#once().catch(() => {});
      const stream = this.streams.at(-1);
      if (stream) stream.ended ??= performance.now();
      await pause(this.#retryMs);
      this.#retryMs = 100;
    }
  }

  async #once(): Promise<void> {
    const resumed = this.#position === undefined ? {} : { 'last-event-id': this.#position };
    const { signal } = this.#stopping;
    const answer = await fetch(this.url, { headers: { ...this.headers, ...resumed }, signal });
    if (!answer.ok || !answer.body) {
      this.#refusal = `${answer.status} ${await answer.text()}`;
      return;
    }
    this.streams.push({ began: performance.now(), headers: answer.headers });
    this.#position ??= answer.headers.get('event-position') ?? undefined;
    const parser = createParser({
      onEvent: (message) => {
        this.#position = message.id ?? this.#position;
        this.messages.push(message);
      },
      onRetry: (milliseconds) => {
        this.#retryMs = milliseconds;
      },
    });
    for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) parser.feed(chunk);
  }

  /** Milliseconds between the end of each stream and the beginning of the next. */
  get gaps(): number[] {
    return this.streams.slice(1).map(({ began }, at) => began - this.streams[at]!.ended!);
  }

  async until(holds: () => boolean, withinMs = 10_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!holds()) {
      if (performance.now() > deadline) throw new Error(`not read within ${withinMs} ms ${this.#refusal}`);
      await pause(5);
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#reading;
  }
}
