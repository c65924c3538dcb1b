import { HashingOverloaded, WorkQueue } from './work-queue.js';

const gate = () => {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
};

describe('the queue before the password hash', () => {
  it('never runs more jobs at a time than it may', async () => {
    const queue = new WorkQueue(2, 100);
    let running = 0;
    let most = 0;
    const job = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    await Promise.all(Array.from({ length: 30 }, () => queue.run(job)));
    expect(most).toBe(2);
    expect(running).toBe(0);
  });

  it('refuses at once what finds all places taken, and takes work again afterwards', async () => {
    const queue = new WorkQueue(1, 1);
    const { opened, open } = gate();
    const first = queue.run(() => opened);
    const second = queue.run(async () => 'second');
    await expect(queue.run(async () => 'third')).rejects.toThrow(HashingOverloaded);
    open();
    await first;
    await expect(second).resolves.toBe('second');
    await expect(queue.run(async () => 'fourth')).resolves.toBe('fourth');
  });

  it('gives the place of a job that failed to the next', async () => {
    const queue = new WorkQueue(1, 1);
    const failing = queue.run(async () => {
      throw new RangeError('no memory');
    });
    const next = queue.run(async () => 'next');
    await expect(failing).rejects.toThrow('no memory');
    await expect(next).resolves.toBe('next');
  });
});
