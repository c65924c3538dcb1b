import { instant } from '@curfew/session-policy';
import { PolicySource } from './policy-source.js';
import { SweepStore } from './store/session-store.js';
import { Sweeper } from './sweeper.js';

/** Sessions that are due, of which only the number matters. */
class Backlog extends SweepStore {
  readonly taken: number[] = [];

  constructor(
    public left: number,
    public unsettled = 0,
  ) {
    super();
  }

  override async sweep(_now: unknown, most: number): Promise<number> {
    this.taken.push(Math.min(most, this.left));
    this.left -= this.taken.at(-1)!;
    return this.taken.at(-1)!;
  }
  override async settle(_now: unknown, most: number): Promise<number> {
    const settled = Math.min(most, this.unsettled);
    this.unsettled -= settled;
    return settled;
  }
  override async prune(): Promise<number> {
    return 0;
  }
  override async lineages() {
    return [];
  }
  override async bringForward(): Promise<number> {
    return 0;
  }
}

class NoPolicies extends PolicySource {
  override effectivePolicy(): never {
    throw new Error('nothing is judged here');
  }
}

/** A sweeper among others who are so busy, and how long it rested. */
function among(busy: number, backlog: Backlog) {
  const rests: number[] = [];
  const rest = async (milliseconds: number) => {
    rests.push(milliseconds);
    return busy;
  };
  return { rests, sweeper: new Sweeper(backlog, new NoPolicies(), (session) => session, rest) };
}

const now = instant(0);

describe('a sweeper', () => {
  it('takes small batches beside others who are busy, and rests after each that was full', async () => {
    const backlog = new Backlog(240);
    const { rests, sweeper } = among(0.5, backlog);
    expect(await sweeper.run(now)).toBe(false);
    expect(backlog.taken).toEqual([...Array.from({ length: 9 }, () => 25), 15]);
    expect(rests).toHaveLength(9);
  });

  it('takes larger and larger ones where nobody else is there', async () => {
    const backlog = new Backlog(3_000);
    const { sweeper } = among(0, backlog);
    await sweeper.run(now);
    expect(backlog.left).toBe(0);
    expect(backlog.taken[0]).toBe(25);
    expect(Math.max(...backlog.taken)).toBeGreaterThan(150);
  });

  it('gives way at once when others come', async () => {
    const backlog = new Backlog(100_000);
    let busy = 0;
    const rest = async () => busy;
    const sweeper = new Sweeper(backlog, new NoPolicies(), (session) => session, rest);
    await sweeper.run(now);
    expect(backlog.taken.at(-1)).toBeGreaterThan(190);
    busy = 0.5;
    await sweeper.run(now);
    expect(backlog.taken.at(-1)).toBe(25);
  });

  it('says that there is more when it stopped before the end, and that there is none when it was asked to stop', async () => {
    const backlog = new Backlog(1_000_000);
    const { sweeper } = among(0.5, backlog);
    expect(await sweeper.run(now)).toBe(true);
    const left = backlog.left;
    expect(left).toBeGreaterThan(0);
    expect(await sweeper.run(now, AbortSignal.abort())).toBe(false);
    expect(backlog.left).toBe(left);
  });

  it('records mass ends before it looks for what is due, until none is left', async () => {
    const backlog = new Backlog(10, 60);
    const { sweeper } = among(0.5, backlog);
    expect(await sweeper.run(now)).toBe(false);
    expect(backlog).toMatchObject({ unsettled: 0, left: 0, taken: [10] });
  });
});
