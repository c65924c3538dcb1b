import { instant, type SessionId, type SessionPolicy, seconds } from '@curfew/session-policy';
import { PolicySource } from './policy-source.js';
import { type Lineage, type ShorterLimits, SweepStore } from './store/sweep-store.js';
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
  override async bringForward(
    _after: SessionId | undefined,
    _max: number,
    _limitsOf: (lineages: readonly Lineage[]) => Promise<readonly ShorterLimits[]>,
  ): Promise<SessionId | undefined> {
    return undefined;
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

/** Fails in the parts it is told to, and counts what is done in the others. */
class Failing extends Backlog {
  readonly done: string[] = [];
  readonly failing = new Set<string>();

  #part(name: string): void {
    if (this.failing.has(name)) throw new Error(`${name} takes too long`);
    this.done.push(name);
  }
  override async settle(): Promise<number> {
    this.#part('settle');
    return 0;
  }
  override async sweep(): Promise<number> {
    this.#part('sweep');
    return 0;
  }
  override async prune(): Promise<number> {
    this.#part('prune');
    return 0;
  }
  override async bringForward(): Promise<SessionId | undefined> {
    this.#part('bringForward');
    return undefined;
  }
}

describe('a part of a sweep that fails', () => {
  const parts = ['settle', 'sweep', 'prune', 'bringForward'];

  it.each(parts)('is reported and stops no other part: %s', async (name) => {
    const store = new Failing(0);
    store.failing.add(name);
    const { sweeper } = among(0.5, store);
    await expect(sweeper.run(now)).rejects.toThrow(`${name} takes too long`);
    expect(store.done).toEqual(parts.filter((part) => part !== name));
  });

  it('is reported together with the others that fail', async () => {
    const store = new Failing(0);
    for (const name of parts) store.failing.add(name);
    const { sweeper } = among(0.5, store);
    await expect(sweeper.run(now)).rejects.toMatchObject({
      errors: parts.map((name) => new Error(`${name} takes too long`)),
    });
  });
});

/** Sessions of as many clients, one after the other, whose limits are brought forward. */
class Walked extends Backlog {
  readonly steps: (string | undefined)[] = [];
  readonly limited: string[] = [];
  failAt: string | undefined;

  constructor(private readonly clients: readonly string[]) {
    super(0);
  }
  override async bringForward(
    after: SessionId | undefined,
    _max: number,
    limitsOf: (lineages: readonly Lineage[]) => Promise<readonly ShorterLimits[]>,
  ): Promise<SessionId | undefined> {
    this.steps.push(after);
    const next = this.clients.find((clientId) => after === undefined || clientId > after);
    if (next === undefined) return undefined;
    if (next === this.failAt) throw new Error('the statement took too long');
    const limits = await limitsOf([{ clientId: next, resources: [] }]);
    this.limited.push(...limits.map(({ clientId }) => clientId));
    return next as SessionId;
  }
}

describe('the walk that follows a change of policies', () => {
  const policies = (unreadable?: string) =>
    new (class extends PolicySource {
      override async effectivePolicy(clientId: string) {
        if (clientId === unreadable) throw new Error('the policy cannot be read');
        return { inactivityTimeout: seconds(60), absoluteLifetime: seconds(300) } as SessionPolicy;
      }
    })();
  const walking = (store: Walked, source: PolicySource) =>
    new Sweeper(
      store,
      source,
      (session) => session,
      async () => 0.5,
    );
  const later = (count: number) => instant(count * 30_000);

  it('goes over all sessions once, and again after the next change', async () => {
    const store = new Walked(['a', 'b', 'c']);
    const sweeper = walking(store, policies());
    await sweeper.run(now);
    await sweeper.run(later(1));
    expect(store.steps).toEqual([undefined, 'a', 'b', 'c']);
    sweeper.policiesChanged();
    await sweeper.run(later(2));
    expect(store.limited).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('gathers changes for half a minute', async () => {
    const store = new Walked(['a']);
    const sweeper = walking(store, policies());
    await sweeper.run(now);
    sweeper.policiesChanged();
    await sweeper.run(instant(29_999));
    expect(store.limited).toEqual(['a']);
    await sweeper.run(later(1));
    expect(store.limited).toEqual(['a', 'a']);
  });

  it('goes on where it was after a step failed', async () => {
    const store = new Walked(['a', 'b', 'c']);
    store.failAt = 'b';
    const sweeper = walking(store, policies());
    await expect(sweeper.run(now)).rejects.toThrow('the statement took too long');
    store.failAt = undefined;
    await sweeper.run(instant(1));
    expect(store.limited).toEqual(['a', 'b', 'c']);
  });

  it('passes sessions whose policy cannot be read, and comes back for them', async () => {
    const store = new Walked(['a', 'b', 'c']);
    let unreadable: string | undefined = 'b';
    const source = new (class extends PolicySource {
      override effectivePolicy(clientId: string) {
        return policies(unreadable).effectivePolicy(clientId);
      }
    })();
    const sweeper = walking(store, source);
    await expect(sweeper.run(now)).rejects.toThrow('the policy cannot be read');
    expect(store.limited).toEqual(['a', 'c']);
    unreadable = undefined;
    await sweeper.run(later(1));
    expect(store.limited).toEqual(['a', 'c', 'a', 'b', 'c']);
  });
});
