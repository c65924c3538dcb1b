import { setTimeout as pause } from 'node:timers/promises';
import { DatabaseListener, NotHeard, type Statements } from '@curfew/persistence';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type DatabaseProxy, proxyTo } from '../support/proxy.js';

let database: TestDatabase;
let proxy: DatabaseProxy;
/** The way by which the process writes. */
let way: Statements;
let listener: DatabaseListener;
const heard: string[] = [];
let losses = 0;
let gaps = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  heard.length = losses = gaps = 0;
  proxy = await proxyTo(database.url);
  way = database.prisma().direct;
  listener = new DatabaseListener(
    { url: proxy.url, through: { run: (statement, values) => way.run(statement, values) } },
    ['first', 'Second one'],
    {
      onNotification: (channel, payload) => heard.push(`${channel}: ${payload}`),
      onLost: () => {
        losses += 1;
      },
      onGap: () => {
        gaps += 1;
      },
    },
    { heartbeatMs: 50, silenceMs: 300, firstRetryMs: 20, lastRetryMs: 100 },
  );
});
afterEach(async () => {
  await listener.stop();
  await proxy.close();
});

const notify = (channel: string, payload: string) =>
  database.query('SELECT pg_notify($1, $2)', [channel, payload]);
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition() && performance.now() < deadline) await pause(10);
  expect(condition()).toBe(true);
}

describe('DatabaseListener', () => {
  it('hears its channels, and only those, in order', async () => {
    await listener.start();
    await notify('first', 'a');
    await notify('other', 'b');
    await notify('Second one', 'c');
    await until(() => heard.length === 2);
    expect(heard).toEqual(['first: a', 'Second one: c']);
    expect({ losses, gaps, listening: listener.listening }).toEqual({ losses: 0, gaps: 0, listening: true });
  });

  it('says that it lost the connection, comes back by itself, and reports the gap', async () => {
    await listener.start();
    proxy.cut();
    await until(() => losses === 1);
    expect(listener.listening).toBe(false);
    await notify('first', 'missed');
    await pause(200); // several attempts fail meanwhile
    expect({ losses, gaps }).toEqual({ losses: 1, gaps: 0 });
    proxy.heal();
    await until(() => gaps === 1);
    await notify('first', 'heard');
    await until(() => heard.length > 0);
    expect(heard).toEqual(['first: heard']);
  });

  it('notices a connection that stays up but says nothing any more', async () => {
    await listener.start();
    const began = performance.now();
    proxy.freeze();
    await until(() => losses === 1);
    expect(performance.now() - began).toBeLessThan(2_000);
    proxy.heal();
    await until(() => gaps === 1);
  });

  it('trusts no connection that is up and well, but hears nothing of what this process sends', async () => {
    await listener.start();
    const other = await createTestDatabase();
    try {
      const began = performance.now();
      way = other.prisma().direct;
      await until(() => losses === 1);
      expect(performance.now() - began).toBeLessThan(2_000);
      await pause(700); // it connects again and again, and does not hear itself
      expect({ losses, gaps, listening: listener.listening }).toEqual({
        losses: 1,
        gaps: 0,
        listening: false,
      });
      way = database.prisma().direct;
      await until(() => gaps === 1);
    } finally {
      await other.drop();
    }
  });

  it('does not start where it cannot hear what this process sends, and says which setting is wrong', async () => {
    const other = await createTestDatabase();
    try {
      way = other.prisma().direct;
      const error = await listener.start().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(NotHeard);
      expect((error as Error).message).toContain('DATABASE_DIRECT_URL');
      expect(listener.listening).toBe(false);
    } finally {
      await other.drop();
    }
  });

  it('comes back when the server ends its connection', async () => {
    await listener.start();
    await database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'curfew listener' AND datname = current_database()`,
    );
    await until(() => losses === 1 && gaps === 1);
  });

  it('fails at start if there is nothing to listen to', async () => {
    proxy.cut();
    await expect(listener.start()).rejects.toThrow();
    expect(listener.listening).toBe(false);
  });

  it('is silent once it has been stopped', async () => {
    await listener.start();
    await listener.stop();
    await notify('first', 'unheard');
    proxy.cut();
    await pause(150);
    expect({ heard, losses, gaps }).toEqual({ heard: [], losses: 0, gaps: 0 });
  });
});
