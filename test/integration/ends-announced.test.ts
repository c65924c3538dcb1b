import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '@curfew/clock';
import {
  EndAnnouncer,
  EndConfirmation,
  endsChannel,
  type FeedMessage,
  FeedNodeStore,
  FeedStore,
  leaseMs,
  SessionFeed,
  UnknownFollower,
} from '@curfew/events';
import { DatabaseListener, HotStatements } from '@curfew/persistence';
import { instant } from '@curfew/session-policy';
import { writeNodeWord } from '../../libs/events/src/feed/announcement.js';
import { type DatabaseProxy, proxyTo } from '../support/proxy.js';
import { sessionStores } from '../support/session-stores.js';
import { House, t } from './sessions-house.js';

let house: House;
let feed: SessionFeed;
let heard: string[];
let listener: DatabaseListener;
let announcer: EndAnnouncer;
/** Further nodes that hear what is announced. */
const others = new Set<SessionFeed>();
/** Everything that the follower was told. */
const told: FeedMessage[] = [];
const clock = { now: () => instant(Date.now()) } as Clock;
const faults: unknown[] = [];
let proxy: DatabaseProxy;
let dead: HotStatements;

beforeAll(async () => {
  house = await House.open();
  proxy = await proxyTo(house.database.url);
  dead = throughProxy();
  const [{ prisma }] = house.nodes;
  announcer = new EndAnnouncer(prisma.direct, (error) => faults.push(error));
  const store = new FeedStore(prisma);
  const report = (error: unknown) => faults.push(error);
  const nodes = new FeedNodeStore(prisma);
  feed = new SessionFeed({ store, nodes, announcer, clock, name: 'here', report });
  await feed.start();
  listener = new DatabaseListener({ url: house.database.url, through: prisma.direct }, [endsChannel], {
    onNotification: (_, payload) => {
      heard.push(payload);
      feed.heard(payload);
      for (const other of others) other.heard(payload);
    },
  });
  await listener.start();
  await feed.appear();
  await feed.follow(
    (message) => {
      told.push(message);
      if (message.kind === 'hello') follower = message.id;
      // A follower is further away than the turn of the event loop in which it is told.
      if (message.kind === 'confirm') setImmediate(() => acknowledge([message.id]));
      if (message.kind === 'beat') setImmediate(() => acknowledge([]));
      return true;
    },
    undefined,
    'an API',
  );
}, 60_000);
let follower = '';
const acknowledge = (done: string[]): void => void feed.acknowledge({ follower, done });
beforeEach(() => {
  heard = [];
  others.clear();
  told.splice(0, told.length);
});
afterEach(() => house.check());
afterAll(async () => {
  await listener?.stop();
  await feed?.stop();
  await dead?.close();
  await proxy?.close();
  await house?.close();
});

const toldEnds = (messages: readonly FeedMessage[] = told): string[] =>
  messages.flatMap((message) => (message.kind === 'ends' ? message.ends.sessions : []));
const signedIn = (count: number) =>
  Promise.all(Array.from({ length: count }, () => house.signIn({ at: t(0) })));
const endOf = ({ sid: id }: { sid: string }) =>
  ({ id, reason: 'revoked_by_client', at: t(1), detail: {} }) as const;
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await pause(5);
};

/** Statements by way of a proxy that the test cuts. */
function throughProxy(): HotStatements {
  return new HotStatements(house.database.configuration({ DATABASE_URL: proxy.url }), 1);
}

/** A store whose announcer cannot reach the database: it commits ends, and nobody hears of one. */
function storeWithDeadAnnouncer() {
  proxy.cut();
  const failed: unknown[] = [];
  const report = (error: unknown) => failed.push(error);
  return { ...sessionStores(house.nodes[0].prisma, { announcements: dead, report }), failed };
}

describe('an end', () => {
  it('is announced once it has committed, together with those that committed meanwhile', async () => {
    const all = await signedIn(100);
    await Promise.all(all.map((who) => house.nodes[0].store.end([endOf(who)])));
    const ids = all.map(({ sid }) => sid).sort();
    await until(() => toldEnds().length >= all.length);
    expect(toldEnds().sort()).toEqual(ids);
    expect(heard.flatMap((payload) => payload.split(' ')).sort()).toEqual(ids);
    expect(heard.length).toBeLessThan(all.length / 2);
  });

  it('that was undone with its transaction is announced to nobody', async () => {
    const [undone, standing] = await signedIn(2);
    const { prisma, store } = house.nodes[0];
    const failing = prisma.$transaction(async (transaction) => {
      await store.end([endOf(undone!)], { transaction });
      throw new Error('something else went wrong');
    });
    await expect(failing).rejects.toThrow('something else');
    await prisma.$transaction((transaction) => store.end([endOf(standing!)], { transaction }));
    await until(() => toldEnds().includes(standing!.sid));
    expect(toldEnds()).toEqual([standing!.sid]);
  });

  it('of a thousand whose announcer died behind the commit is missed by no follower: the next beat has told it', async () => {
    const { store, failed } = storeWithDeadAnnouncer();
    for (let round = 0; round < 4; round++) {
      const all = await signedIn(250);
      await Promise.all(all.map((who) => store.end([endOf(who)])));
      const before = told.length;
      // The beat after the one that may be on its way.
      const beats = () => told.slice(before).filter(({ kind }) => kind === 'beat').length;
      await until(() => beats() >= 2);
      const known = new Set(toldEnds());
      expect(all.filter(({ sid }) => !known.has(sid))).toEqual([]);
    }
    expect(heard).toEqual([]);
    expect(failed.length).toBeGreaterThan(0);
  }, 60_000);

  it('is told before its confirmation is asked for, also where its announcement was lost', async () => {
    const { store } = storeWithDeadAnnouncer();
    const [{ prisma }] = house.nodes;
    const nodes = new FeedNodeStore(prisma);
    // Their followers are no matter of a confirmation, and may be many.
    nodes.nodes = () => Promise.reject(new Error('all followers of all nodes were read'));
    const confirmation = new EndConfirmation(nodes, announcer, clock);
    for (let round = 0; round < 20; round++) {
      const [who] = await signedIn(1);
      await store.end([endOf(who!)]);
      expect(await confirmation.confirm()).toMatchObject({ confirmed: true });
      const asked = told.findIndex(({ kind }) => kind === 'confirm');
      expect(toldEnds(told.slice(0, asked))).toContain(who!.sid);
      told.splice(0, told.length);
    }
  }, 30_000);
});

describe('a node of the feed', () => {
  const started = async () => {
    const [{ prisma }] = house.nodes;
    const other = new SessionFeed({
      store: new FeedStore(prisma),
      nodes: new FeedNodeStore(prisma),
      announcer,
      clock,
      name: 'there',
      report: (error) => faults.push(error),
    });
    await other.start();
    others.add(other);
    await other.appear();
    return other;
  };
  const nameAt = async (at: SessionFeed): Promise<string> => {
    let name = '';
    const reader = (message: FeedMessage): boolean => {
      if (message.kind === 'hello') name = message.id;
      return true;
    };
    await at.follow(reader, undefined, 'an API');
    return name;
  };

  it('passes on the word of another one’s follower for its own client alone, and refuses a name that nobody knows', async () => {
    const other = await started();
    const stranger = { follower: await nameAt(other), done: [] };
    await feed.acknowledge({ ...stranger, clientId: 'an API' });
    await until(() => other.report()[0]?.acknowledgedAt !== null);
    for (const word of [
      { ...stranger, clientId: 'another API' },
      { ...stranger, clientId: 'another API', left: true },
      { follower: randomUUID(), done: [], clientId: 'an API' },
      { follower, done: [], clientId: 'another API', left: true },
    ])
      await expect(feed.acknowledge(word)).rejects.toThrow(UnknownFollower);
    await expect(other.acknowledge({ ...stranger, clientId: 'another API', left: true })).rejects.toThrow(
      UnknownFollower,
    );
    expect([other.report().length, feed.report().length]).toEqual([1, 1]);
    await feed.acknowledge({ ...stranger, clientId: 'an API', left: true });
    await until(() => other.report().length === 0);
    await other.stop();
  });

  it('that has stopped is in no list, also where it was asked to confirm an end meanwhile', async () => {
    const there = async () =>
      (await house.database.query<{ id: string }>('SELECT id::text AS id FROM feed_node')).map(
        ({ id }) => id,
      );
    const before = await there();
    const other = await started();
    expect(await there()).toHaveLength(before.length + 1);
    await other.acknowledge({ follower: await nameAt(other), clientId: 'an API', done: [] });
    const stopped = other.stop();
    await pause(leaseMs * 0.75);
    // The lease is not over yet, so this waits for as long again.
    other.heard(writeNodeWord({ kind: 'confirm', id: randomUUID() }));
    await stopped;
    await pause(leaseMs);
    expect(await there()).toEqual(before);
  }, 20_000);
});

describe('the announcer', () => {
  it('says first what could not be sent, and packs as many sessions into a payload as fit', async () => {
    const failed: unknown[] = [];
    const other = new EndAnnouncer(dead, (error) => failed.push(error));
    const id = (index: number) => `0190b0aa-0000-7000-8000-${String(index).padStart(12, '0')}`;
    proxy.cut();
    other.sessions(Array.from({ length: 450 }, (_, index) => id(index)));
    await other.settle();
    expect(failed).toHaveLength(1);
    proxy.heal();
    await other.say('client:web');
    await until(() => heard.includes('client:web'));
    expect(heard.map((payload) => payload.split(' ').length)).toEqual([200, 200, 50, 1]);
  });
});
