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
});
