import { Side } from './lanes-side.js';
import { countStatements, type StatementCounter } from './lanes-statements.js';
import { type LaneName, LanesWorld } from './lanes-world.js';

/** So many of each, one after the other: what one of them needs, all of them together need so many times. */
const many = 40;
const inBothLanes = ['fast', 'library'] as const;

let lanes: LanesWorld;
let counter: StatementCounter;
beforeAll(async () => {
  lanes = await LanesWorld.start({}, async (url) => {
    counter = await countStatements(url);
    return counter.url;
  });
}, 120_000);
afterAll(async () => {
  await lanes?.stop();
  await counter?.close();
});

interface Count {
  readonly reads: number;
  readonly writes: number;
  /** Statements that are neither. */
  readonly others: readonly string[];
}

const isRead = (statement: string) => /^SELECT\b.* FROM unnest\(.*\bJOIN session\b/i.test(statement);
const isWrite = (statement: string) => /^UPDATE session s SET generation\b/i.test(statement);

/**
 * What `work`, which is `many` requests, made the server ask the database. A server does things on its own as well (the
 * clock, registrations read anew, events and activity written behind), but none of them as often as once for every other request.
 */
async function asking(work: () => Promise<unknown>): Promise<Count> {
  counter.reset();
  await work();
  const carriedOut = [...counter.carriedOut()];
  const times = new Map<string, number>();
  for (const one of carriedOut) times.set(one, (times.get(one) ?? 0) + 1);
  const isOther = (one: string) => !isRead(one) && !isWrite(one) && times.get(one)! >= many / 2;
  return {
    reads: carriedOut.filter(isRead).length,
    writes: carriedOut.filter(isWrite).length,
    others: [...times.keys()].filter(isOther),
  };
}

const inTurn = async (times: number, work: () => Promise<unknown>) => {
  for (let turn = 0; turn < times; turn += 1) await work();
};

async function refreshing(lane: LaneName, template: 'api' | 'web' | 'spa', client = lanes.world.clients.web) {
  const side = new Side(lanes, lane);
  let { token } = await side.session(template);
  const once = async () => {
    const { status, body } = await side.refresh(token, {}, client);
    expect(status).toBe(200);
    token = body.refresh_token;
  };
  await inTurn(5, once);
  return asking(() => inTurn(many, once));
}

describe.each(inBothLanes)('through the %s lane', (lane) => {
  it('a refresh needs one read and one write that is its own commit', async () => {
    expect(await refreshing(lane, 'api')).toEqual({ reads: many, writes: many, others: [] });
  });

  it('a refresh with an ID token needs no more', async () => {
    expect(await refreshing(lane, 'web')).toEqual({ reads: many, writes: many, others: [] });
  });

  it('a refresh of a public client needs no more', async () => {
    const { spa } = lanes.world.clients;
    expect(await refreshing(lane, 'spa', spa)).toEqual({ reads: many, writes: many, others: [] });
  });

  it('an introspection needs one read', async () => {
    const side = new Side(lanes, lane);
    const token = lanes.seal({ grantId: (await side.session('web')).id });
    const once = async () => expect((await side.introspect(token)).body.active).toBe(true);
    await inTurn(5, once);
    expect(await asking(() => inTurn(many, once))).toEqual({ reads: many, writes: 0, others: [] });
  });

  it('client credentials need nothing', async () => {
    const side = new Side(lanes, lane);
    const once = async () =>
      expect((await side.machine(side.twin('machine'), { scope: 'orders:read' })).status).toBe(200);
    await inTurn(5, once);
    expect(await asking(() => inTurn(many, once))).toEqual({ reads: 0, writes: 0, others: [] });
  });

  it('what was never a token of ours needs nothing', async () => {
    const side = new Side(lanes, lane);
    const garbage = `cfw_at_${'A'.repeat(120)}`;
    const once = async () => {
      expect((await side.introspect(garbage)).body).toEqual({ active: false });
      expect((await side.refresh(`cfw_rt_${'A'.repeat(92)}`)).body.error).toBe('invalid_grant');
    };
    await inTurn(5, once);
    expect(await asking(() => inTurn(many, once))).toEqual({ reads: 0, writes: 0, others: [] });
  });
});
