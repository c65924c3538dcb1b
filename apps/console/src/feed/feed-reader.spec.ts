import { FeedReader } from './feed-reader.js';

describe('the reader of the stream of events', () => {
  const { fetch, window } = globalThis;
  afterEach(() => Object.assign(globalThis, { fetch, window }));

  it('reads on once, however many acts wake it', async () => {
    let asked = 0;
    /** A stream that stays open until it is left. */
    const stream = (signal: AbortSignal) =>
      new ReadableStream({
        start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
      });
    Object.assign(globalThis, {
      window: globalThis,
      fetch: async (_: string, { signal }: { signal: AbortSignal }) => {
        asked += 1;
        return asked === 1 ? new Response(null, { status: 401 }) : new Response(stream(signal));
      },
    });
    const reader = new FeedReader();
    const reaches = (status: string) =>
      new Promise<void>((resolve) => {
        const leave = reader.subscribe(() => {
          if (reader.view().status !== status) return;
          leave();
          resolve();
        });
      });
    const asleep = reaches('asleep');
    const stop = reader.start();
    await asleep;
    await new Promise((resolve) => setTimeout(resolve, 0));
    const live = reaches('live');
    for (let act = 0; act < 3; act += 1) reader.resume();
    await live;
    reader.resume();
    await new Promise((resolve) => setTimeout(resolve, 0));
    stop();
    expect(asked).toBe(2);
  });

  it.each([
    ['of a process that stops, from the position and after the while that it said', true],
    ['that broke before an event came, from where it began', false],
  ])('goes on where a stream ended %s', async (_, stops) => {
    const asked: { readonly at: number; readonly from: string | undefined }[] = [];
    let again = (): void => {};
    const askedAgain = new Promise<void>((resolve) => {
      again = resolve;
    });
    const last = 'event: elsewhere\nretry: 1\nid: second\ndata: {}\n\n';
    Object.assign(globalThis, {
      window: globalThis,
      fetch: async (_address: string, { headers }: { headers: Record<string, string> }) => {
        asked.push({ at: performance.now(), from: headers['Last-Event-ID'] });
        if (asked.length > 1) again();
        const body = `retry: 1000\nid: first\n\n${stops ? last : ''}`;
        return new Response(body, { headers: { 'event-position': 'first' } });
      },
    });
    const reader = new FeedReader();
    const stop = reader.start();
    await askedAgain;
    stop();
    const [one, other] = asked as [(typeof asked)[0], (typeof asked)[0]];
    expect([one.from, other.from]).toEqual([undefined, stops ? 'second' : 'first']);
    expect(other.at - one.at < 450).toBe(stops);
    // Its last words are no event.
    expect(reader.view().events).toEqual([]);
  });
});
