import { ServerClock } from '../server-clock.js';
import { type Acknowledgement, FeedFollower } from './follower.js';

const event = (name: string, data: object) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/** The acknowledgements of a follower that reads this stream; each acknowledgement takes a turn of the event loop. */
async function acknowledgedOf(text: string, count: number): Promise<readonly Acknowledgement[]> {
  const sent: Acknowledgement[] = [];
  let enough = (): void => {};
  const told = new Promise<void>((resolve) => {
    enough = resolve;
  });
  async function* stream(signal: AbortSignal) {
    yield Buffer.from(event('hello', { id: 'follower' }) + text);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }
  const connection = {
    open: async (_: string | undefined, signal: AbortSignal) => stream(signal),
    async acknowledge(acknowledgement: Acknowledgement) {
      await new Promise((resolve) => setImmediate(resolve));
      sent.push(acknowledgement);
      if (sent.flatMap(({ done }) => done).length >= count) setImmediate(enough);
      return 0;
    },
  };
  const follower = new FeedFollower(connection, new ServerClock(), { onEnds() {}, onResync() {} });
  follower.start();
  await told;
  await follower.stop();
  return sent;
}
const ids = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name} ${n}`);

describe('a follower of the session feed', () => {
  it.each([100, 101, 250])('acknowledges %d confirmations at most a hundred at a time', async (count) => {
    const asked = ids('confirmation', count);
    const sent = await acknowledgedOf(asked.map((id) => event('confirm', { id })).join(''), count);
    expect(sent.flatMap(({ done }) => done)).toEqual(asked);
    expect(Math.max(...sent.map(({ done }) => done.length))).toBeLessThanOrEqual(100);
  });

  it.each([
    [100, 100],
    [101, 1],
  ])(
    'remembers a hundred probes, and at one more only the last: of %d it denies %d',
    async (count, denied) => {
      const probes = ids('probe', count);
      const text = [
        ...probes.map((id) => event('probe', { id })),
        event('ends', { sessions: probes, tokens: [], all: [] }),
      ];
      const sent = await acknowledgedOf(text.join(''), denied);
      expect(sent.flatMap(({ done }) => done)).toEqual(probes.slice(-denied));
    },
  );
});
