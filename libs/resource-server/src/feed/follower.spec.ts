import { ServerClock, steadyNow } from '../server-clock.js';
import { type Acknowledgement, FeedFollower, FollowerForgotten } from './follower.js';

const event = (name: string, data: object) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

const beatAt = (position: string) => `event: beat\nid: ${position}\ndata: ${JSON.stringify({ at: 0 })}\n\n`;

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

  it('goes on at once where a node sends it elsewhere, and tells that node when another one has taken over', async () => {
    const opened: (string | undefined)[] = [];
    const lost: unknown[] = [];
    const sent: Acknowledgement[] = [];
    let hasLeft = (): void => {};
    const left = new Promise<void>((resolve) => {
      hasLeft = resolve;
    });
    const streams = [
      [
        event('hello', { id: 'one', node: 'node1:3000' }),
        beatAt('1'),
        'event: elsewhere\nid: 2\ndata: {}\n\n',
      ],
      [event('hello', { id: 'other', node: 'node2:3000' }), beatAt('3')],
    ];
    async function* stream(text: readonly string[], signal: AbortSignal) {
      yield Buffer.from(text.join(''));
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    const connection = {
      open: async (from: string | undefined, signal: AbortSignal) => {
        opened.push(from);
        return stream(streams[opened.length - 1]!, signal);
      },
      async acknowledge(acknowledgement: Acknowledgement) {
        sent.push(acknowledgement);
        if (acknowledgement.left) hasLeft();
        return 0;
      },
    };
    const handlers = { onEnds() {}, onResync() {}, onLost: (error: unknown) => void lost.push(error) };
    const follower = new FeedFollower(connection, new ServerClock(), handlers);
    follower.start();
    await left;
    expect(opened).toEqual([undefined, '2']);
    expect(sent.map((one) => [one.follower, one.node, one.left])).toEqual([
      ['one', 'node1:3000', undefined],
      ['other', 'node2:3000', undefined],
      ['one', 'node1:3000', true],
    ]);
    await follower.stop();
    expect([sent.at(-1)?.follower, sent.at(-1)?.left, lost]).toEqual(['other', true, []]);
  });

  it('tells the node that sent it elsewhere only when everything of the past was read at the other one', async () => {
    const told: string[] = [];
    let goOn = (): void => {};
    const pastIsRead = new Promise<void>((resolve) => (goOn = resolve));
    let hasLeft = (): void => {};
    const left = new Promise<void>((resolve) => (hasLeft = resolve));
    let answerOld = (): void => {};
    const oldAnswers = new Promise<void>((resolve) => (answerOld = resolve));
    let streams = 0;
    const before = [event('hello', { id: 'one' }), beatAt('1'), event('confirm', { id: 'an end' })];
    async function* stream(number: number, signal: AbortSignal) {
      if (number === 1) yield Buffer.from(`${before.join('')}event: elsewhere\nid: 2\ndata: {}\n\n`);
      else {
        yield Buffer.from(event('hello', { id: 'other' }));
        // The answer to the beat comes while the past is read, and the confirmation still waits to be acknowledged.
        answerOld();
        await pastIsRead;
        yield Buffer.from(event('ends', { sessions: ['of the past'], tokens: [], all: [] }) + beatAt('3'));
      }
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    const connection = {
      async open(_: string | undefined, signal: AbortSignal) {
        streams += 1;
        return stream(streams, signal);
      },
      async acknowledge({ follower, done, left: isLeft }: Acknowledgement) {
        told.push([follower, ...done, ...(isLeft ? ['is left'] : [])].join(' '));
        if (isLeft) hasLeft();
        else if (told.length === 1) await oldAnswers;
        return 0;
      },
    };
    const handlers = { onEnds: () => void told.push('the past'), onResync() {} };
    const follower = new FeedFollower(connection, new ServerClock(), handlers);
    follower.start();
    await oldAnswers;
    await new Promise((resolve) => setTimeout(resolve, 20));
    goOn();
    await left;
    expect(told).toEqual(['one', 'one an end', 'the past', 'other', 'one is left']);
    await follower.stop();
  });

  it('trusts nothing and opens its stream anew where no node knows it any more', async () => {
    const opened: (string | undefined)[] = [];
    const sent: string[] = [];
    let isBack = (): void => {};
    const back = new Promise<void>((resolve) => (isBack = resolve));
    const trust: boolean[] = [];
    async function* stream(signal: AbortSignal) {
      yield Buffer.from(event('hello', { id: `stream ${opened.length}` }) + beatAt('1'));
      await new Promise((resolve) => setTimeout(resolve, 10));
      yield Buffer.from(beatAt('2'));
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    }
    const connection = {
      open: async (from: string | undefined, signal: AbortSignal) => {
        opened.push(from);
        trust.push(follower.trusted(steadyNow()));
        return stream(signal);
      },
      async acknowledge({ follower: id }: Acknowledgement) {
        sent.push(id);
        if (id === 'stream 2') isBack();
        if (sent.length !== 2) return 0;
        trust.push(follower.trusted(steadyNow()));
        throw new FollowerForgotten();
      },
    };
    const follower = new FeedFollower(connection, new ServerClock(), { onEnds() {}, onResync() {} });
    follower.start();
    await back;
    expect(opened).toEqual([undefined, '2']);
    expect(sent).toEqual(['stream 1', 'stream 1', 'stream 2']);
    expect(trust).toEqual([false, true, false]);
    await follower.stop();
  });
});
