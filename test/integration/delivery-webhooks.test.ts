import { setTimeout as pause } from 'node:timers/promises';
import { ManualClock } from '@curfew/clock';
import { EventLog, type NewEvent } from '@curfew/events';
import {
  type AttemptOutcome,
  Courier,
  composeWebhook,
  DeliveryStore,
  Receivers,
  ReceiversStore,
  type SecretSeal,
  webhookSignature,
} from '@curfew/events/delivery';
import { instant, type SessionId } from '@curfew/session-policy';
import { outboundFetch } from '@curfew/token-endpoint/client';
import { newId } from '@curfew/tokens';
import pg from 'pg';
import { assertInvariants, createTestDatabase, type TestDatabase } from '../support/database.js';
import { type EventReceiver, startReceiver } from '../support/receiver.js';
import { countStatements } from '../support/statement-counter.js';

// Sealing is the application's; here it only has to be something that can be undone beside its context.
const seal: SecretSeal = {
  close: (secret, context) => Buffer.from(`${context} ${secret}`),
  open: (sealed, context) => {
    const [owner, secret] = Buffer.from(sealed).toString().split(' ');
    return owner === context ? secret : undefined;
  },
};
const patience = { firstMs: 1_000, longestMs: 60_000, maxAttempts: 3 };

let database: TestDatabase;
let clock: ManualClock;
let receiver: EventReceiver;
let receivers: Receivers;
let log: EventLog;
let outcomes: AttemptOutcome[];
beforeEach(async () => {
  database = await createTestDatabase();
  clock = new ManualClock();
  receiver = await startReceiver();
  const prisma = database.prisma();
  receivers = new Receivers({ store: new ReceiversStore(prisma), clock, seal, addressFault: () => null });
  log = new EventLog(prisma);
  outcomes = [];
});
afterEach(async () => {
  await receiver.close();
  await assertInvariants(database);
  await database.drop();
});

/** A token whose content does not matter. */
const anyToken = async () => ({ headers: { 'content-type': 'text/plain' }, body: 'token' });

/** A transaction that stays open for a while. */
async function openTransaction() {
  const connection = new pg.Client({ connectionString: database.url });
  await connection.connect();
  await connection.query('BEGIN');
  return {
    record: ({ id, type, sessionId, accountId, clientId }: NewEvent) =>
      connection.query(
        `INSERT INTO event (id, at, type, session_id, account_id, client_id, data) VALUES ($1, now(), $2, $3, $4, $5, '{}')`,
        [id, type, sessionId, accountId, clientId],
      ),
    async commit() {
      await connection.query('COMMIT');
      await connection.end();
    },
  };
}

/** One more node that delivers. */
function aNode({
  allowInside = true,
  timeoutMs = 1_000,
  report = (error: unknown): void => {
    throw error;
  },
  databaseUrl = database.url,
} = {}): Courier {
  return new Courier({
    store: new DeliveryStore(database.prisma({ DATABASE_URL: databaseUrl }), 'http://admin.example.test'),
    clock,
    compose: { webhook: composeWebhook(seal), logout: anyToken, set_push: anyToken },
    send: outboundFetch({ allowInside, timeoutMs }),
    patience,
    timeoutMs,
    attempted: (_, outcome) => outcomes.push(outcome),
    report,
  });
}
const anEvent = (overrides: Partial<NewEvent> = {}): NewEvent =>
  ({
    id: newId(clock.now()),
    at: clock.now(),
    type: 'session.step_up_required',
    sessionId: newId(clock.now()) as SessionId,
    accountId: newId(clock.now()),
    clientId: 'web',
    data: { findings: [], signals: {} },
    ...overrides,
  }) as NewEvent;
const subscribe = (address = receiver.url, eventTypes: readonly string[] = []) =>
  receivers.createWebhook({ name: 'siem', address, eventTypes });
const waiting = async () =>
  Number((await database.query<{ count: string }>('SELECT count(*) FROM delivery'))[0]!.count);
const ids = () => receiver.received.map(({ headers }) => headers['webhook-id']);

describe('a webhook', () => {
  it('costs one look where there is nothing to tell', async () => {
    const counter = await countStatements(database.url);
    await subscribe();
    await log.record([anEvent()]);
    const node = aNode({ databaseUrl: counter.url });
    await node.drain();
    counter.reset();
    for (let time = 0; time < 3; time += 1) await node.run();
    expect(counter.carriedOut()).toHaveLength(3);
    await counter.close();
  });

  it('is told of a count where nothing else happens', async () => {
    await subscribe();
    const node = aNode();
    await node.drain();
    const data = { endpoint: 'token', presentedBy: 'web', ip: null, count: 3 } as const;
    const counted = anEvent({ type: 'token.unknown', sessionId: null, data } as Partial<NewEvent>);
    await log.record([counted]);
    await node.drain();
    expect(ids()).toEqual([counted.id]);
  });

  it('is told of an event with an id, a time and a signature over both and the body', async () => {
    const { secret } = await subscribe();
    const event = anEvent();
    await log.record([event]);
    await aNode().drain();
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    expect(headers['webhook-id']).toBe(event.id);
    expect(headers['webhook-timestamp']).toBe(String(clock.now() / 1000));
    expect(headers['webhook-signature']).toBe(webhookSignature(secret, event.id, clock.now() / 1000, body));
    expect(JSON.parse(body)).toEqual({
      type: 'session.step_up_required',
      timestamp: '2030-01-01T00:00:00.000Z',
      data: {
        findings: [],
        signals: {},
        event_id: event.id,
        session_id: event.sessionId,
        account_id: event.accountId,
        client_id: 'web',
      },
    });
    expect(await waiting()).toBe(0);
  });

  it('hears of the types it asked for, of its client, and of nothing from before it was registered', async () => {
    await log.record([anEvent()]);
    await aNode().drain();
    await receivers.createWebhook({
      name: 'one client',
      address: receiver.url,
      eventTypes: ['session.step_up_required'],
      clientId: 'web',
    });
    const wanted = anEvent();
    await log.record([wanted, anEvent({ clientId: 'other' }), anEvent({ type: 'session.stepped_up' })]);
    await aNode().drain();
    expect(ids()).toEqual([wanted.id]);
  });

  it('hears of nothing that was committed before it was registered, also where that is handed on later', async () => {
    await log.record([anEvent()]);
    await subscribe();
    // An end by time is recorded later than it happened.
    const past = anEvent({ at: instant(clock.now() - 60_000) });
    await log.record([past]);
    await aNode().drain();
    expect(ids()).toEqual([past.id]);
  });

  it('hears of what commits after it was registered, also where its transaction began before', async () => {
    const early = await openTransaction();
    const begun = anEvent();
    await early.record(begun);
    await subscribe();
    const written = anEvent();
    await early.record(written);
    await early.commit();
    await aNode().drain();
    expect(ids().sort()).toEqual([begun.id, written.id].sort());
  });

  it('hears of what commits while its registration is under way', async () => {
    const event = anEvent();
    await database.prisma().$transaction(async (transaction) => {
      await receivers.createWebhook({ name: 'siem', address: receiver.url }, transaction);
      await log.record([event]);
    });
    await aNode().drain();
    expect(ids()).toEqual([event.id]);
  });

  it('that was disabled hears of nothing from that time once it is enabled again, and one that was paused of everything', async () => {
    const wish = { name: 'siem', address: receiver.url };
    const [disabled, paused] = [
      (await receivers.createWebhook({ ...wish, status: 'disabled' })).receiver,
      (await receivers.createWebhook({ ...wish, status: 'paused' })).receiver,
    ];
    const before = anEvent();
    await log.record([before]);
    for (const { id } of [disabled, paused]) await receivers.changeWebhook(id, 1, wish);
    // A new secret and another name change nothing about it.
    for (const { id } of [disabled, paused]) await receivers.rotateSecret(id);
    const after = anEvent();
    await log.record([after]);
    await new DeliveryStore(database.prisma(), 'http://admin.example.test').handOn(clock.now(), 100);
    const owed = await database.query<{ id: string; events: string[] }>(
      'SELECT receiver_id AS id, array_agg(event_id::text ORDER BY id) AS events FROM delivery GROUP BY receiver_id',
    );
    expect(new Map(owed.map(({ id, events }) => [id, events]))).toEqual(
      new Map([
        [disabled.id, [after.id]],
        [paused.id, [before.id, after.id]],
      ]),
    );
  });

  it('is signed with the new secret and the one before while a secret is rolled over', async () => {
    const { receiver: webhook, secret } = await subscribe();
    const rotated = await receivers.rotateSecret(webhook.id);
    const event = anEvent();
    await log.record([event]);
    await aNode().drain();
    const [{ headers, body }] = receiver.received as [(typeof receiver.received)[0]];
    const at = Number(headers['webhook-timestamp']);
    expect(headers['webhook-signature']).toBe(
      `${webhookSignature(rotated, event.id, at, body)} ${webhookSignature(secret, event.id, at, body)}`,
    );
  });

  it('that fails is tried again later and later, and becomes a dead letter that can be seen, told of and sent again', async () => {
    const { receiver: webhook } = await subscribe(receiver.url, ['session.step_up_required']);
    receiver.behave(500);
    const event = anEvent();
    await log.record([event]);
    const node = aNode();
    await node.drain();
    expect(receiver.received).toHaveLength(1);
    clock.advance(0.4);
    await node.drain();
    expect(receiver.received).toHaveLength(1);
    clock.advance(0.7);
    await node.drain();
    expect(receiver.received).toHaveLength(2);
    clock.advance(2);
    await node.drain();
    expect(outcomes).toEqual(['failed', 'failed', 'dead']);
    expect(await receivers.deadLetters()).toMatchObject([
      { receiverId: webhook.id, eventId: event.id, attempts: 3, cause: 'status 500' },
    ]);
    expect(await database.query(`SELECT data FROM event WHERE type = 'delivery.failed'`)).toEqual([
      { data: { endpoint: webhook.id, eventId: event.id, attempts: 3, cause: 'status 500' } },
    ]);
    receiver.behave(204);
    expect(await receivers.redrive(webhook.id, 'all')).toBe(1);
    await node.drain();
    expect(ids()).toEqual([event.id, event.id, event.id, event.id]);
    expect(await waiting()).toBe(0);
  });

  it('for logouts hears of what ends after its client has an address for them', async () => {
    await database.query(
      `INSERT INTO client (id, name, metadata, created_at, updated_at) VALUES ('web', 'web', '{}', now(), now())`,
    );
    const ended = (): NewEvent => anEvent({ type: 'session.ended' } as Partial<NewEvent>);
    await log.record([ended()]);
    await database.query(`UPDATE client SET metadata = $1 WHERE id = 'web'`, [
      { backchannel_logout_uri: receiver.url },
    ]);
    const wanted = ended();
    await log.record([wanted]);
    // The client moves its address: deliveries that it is owed go there.
    await database.query(`UPDATE client SET metadata = metadata || '{ "x": 1 }' WHERE id = 'web'`);
    await new DeliveryStore(database.prisma(), 'http://admin.example.test').handOn(clock.now(), 100);
    expect(await database.query('SELECT receiver_id, event_id FROM delivery')).toEqual([
      { receiver_id: 'logout:web', event_id: wanted.id },
    ]);
  });

  // OpenID Connect Back-Channel Logout 1.0 §2.5, RFC 8935 §2: only problems of delivery are tried again.
  it('that speaks a standard and refuses a token for good is not sent it again; any other failure is tried again', async () => {
    const final = [400, 401, 403, 405, 410, 413, 415, 422, 451];
    const passing = [302, 404, 408, 421, 425, 429, 500, 502, 503, 504];
    const cases = ['logout', 'set_push', 'webhook'].flatMap((kind) =>
      [...final, ...passing].map((status) => ({
        kind,
        status,
        isFinal: kind !== 'webhook' && final.includes(status),
      })),
    );
    // A stream is told of everybody where its client may read events.
    await database.query(
      `INSERT INTO client (id, name, metadata, created_at, updated_at) VALUES ('siem', 'siem', $1, now(), now())`,
      [{ resources: ['http://admin.example.test'], scope: 'events:read' }],
    );
    for (const { kind, status } of cases)
      await database.query(
        `INSERT INTO delivery_receiver (id, kind, name, address, event_types, secrets, settings, created_at, updated_at)
         VALUES ($1, $2, 'one', $3, '{}', $4, '{ "aud": "siem" }', now(), now())`,
        [
          `${kind}-${status}`,
          kind,
          receiver.url.replace('/hook', `/${status}`),
          kind === 'webhook' ? [seal.close('whsec_c2VjcmV0', `${kind}-${status}`)] : [],
        ],
      );
    receiver.behave(({ path }, response) => response.writeHead(Number(path.slice(1))).end());
    await log.record([anEvent()]);
    await aNode().drain();
    const rows = await database.query<{ id: string; dead: boolean; cause: string }>(
      `SELECT receiver_id AS id, dead_at IS NOT NULL AS dead, last_cause AS cause FROM delivery WHERE attempts = 1`,
    );
    expect(
      Object.fromEntries(rows.filter(({ id }) => /\d$/.test(id)).map(({ id, dead }) => [id, dead])),
    ).toEqual(Object.fromEntries(cases.map(({ kind, status, isFinal }) => [`${kind}-${status}`, isFinal])));
    const told = await database.query(
      `SELECT 1 FROM event WHERE type = 'delivery.failed' AND data ->> 'attempts' = '1'`,
    );
    expect(told).toHaveLength(2 * final.length);
  });

  it('is not followed where it redirects', async () => {
    await subscribe();
    const elsewhere = await startReceiver();
    receiver.behave((_, response) => response.writeHead(307, { location: elsewhere.url }).end());
    await log.record([anEvent()]);
    await aNode().drain();
    expect(elsewhere.received).toEqual([]);
    expect(await database.query('SELECT last_cause FROM delivery')).toEqual([
      { last_cause: 'redirect 307 not followed' },
    ]);
    await elsewhere.close();
  });

  it('that hangs is given up after a while and holds nobody else up', async () => {
    await subscribe();
    const prompt = await startReceiver();
    await subscribe(prompt.url);
    receiver.behave('hang');
    await log.record(Array.from({ length: 20 }, () => anEvent()));
    const node = aNode({ timeoutMs: 2_000 });
    await node.run();
    while (prompt.received.length < 20) {
      await node.run();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(receiver.received.length).toBeLessThanOrEqual(8);
    await node.stop();
    await prompt.close();
  });

  it('is one of as many as are served at a time: four deliveries of each are under way, and sixty-four in all', async () => {
    let arrived = 0;
    receiver.behave(() => {
      arrived += 1;
    });
    for (let n = 0; n < 17; n += 1) await subscribe();
    await log.record(Array.from({ length: 5 }, () => anEvent()));
    const node = aNode({ timeoutMs: 60_000, report: () => {} });
    for (let round = 0; round < 5; round += 1) await node.run();
    const [taken] = await database.query<{ all: number; most: number }>(
      `SELECT sum(count)::int AS "all", max(count)::int AS most
       FROM (SELECT count(*) FROM delivery WHERE attempts > 0 GROUP BY receiver_id) AS of_receiver`,
    );
    expect(taken).toEqual({ all: 64, most: 4 });
    const deadline = performance.now() + 10_000;
    while (arrived < 64 && performance.now() < deadline) await pause(20);
    await node.stop();
    expect(arrived).toBe(64);
  });

  it('that answers without end is cut off after its status', async () => {
    await subscribe();
    receiver.behave((_, response) => {
      response.writeHead(200);
      const flood = setInterval(() => response.write('x'.repeat(65_536)), 1);
      response.on('close', () => clearInterval(flood));
    });
    await log.record([anEvent()]);
    await aNode().drain();
    expect(outcomes).toEqual(['delivered']);
  });

  it('at a private address is refused', async () => {
    await subscribe();
    await log.record([anEvent()]);
    await aNode({ allowInside: false }).drain();
    expect(receiver.received).toEqual([]);
    expect(await database.query('SELECT last_cause FROM delivery')).toEqual([
      { last_cause: 'InsideAddressRefused' },
    ]);
  });

  it('that asks for a longer pause gets it', async () => {
    await subscribe();
    receiver.behave((_, response) => response.writeHead(503, { 'retry-after': '30' }).end());
    await log.record([anEvent()]);
    const node = aNode();
    await node.drain();
    clock.advance(29);
    await node.drain();
    expect(receiver.received).toHaveLength(1);
    clock.advance(1);
    await node.drain();
    expect(receiver.received).toHaveLength(2);
  });

  it('that was away and comes back hears of everything', async () => {
    await subscribe();
    const port = Number(new URL(receiver.url).port);
    await receiver.close();
    const events = [anEvent(), anEvent()];
    await log.record(events);
    const node = aNode();
    await node.drain();
    expect(await database.query('SELECT DISTINCT last_cause FROM delivery')).toEqual([
      { last_cause: 'ECONNREFUSED' },
    ]);
    receiver = await startReceiver(port);
    clock.advance(1);
    await node.drain();
    expect(ids().sort()).toEqual(events.map(({ id }) => id).sort());
  });

  it('that is paused hears later, and one that is disabled not at all', async () => {
    const { receiver: webhook } = await subscribe();
    const wish = { name: 'siem', address: receiver.url };
    const paused = await receivers.changeWebhook(webhook.id, 1, { ...wish, status: 'paused' });
    const later = anEvent();
    await log.record([later]);
    const node = aNode();
    await node.drain();
    expect(receiver.received).toEqual([]);
    const enabled = await receivers.changeWebhook(webhook.id, paused.version, wish);
    await node.drain();
    await receivers.changeWebhook(webhook.id, enabled.version, { ...wish, status: 'disabled' });
    await log.record([anEvent()]);
    await node.drain();
    expect(ids()).toEqual([later.id]);
  });
});

describe('the outbox', () => {
  it('keeps the order of one session, also past a failure, and lets other sessions overtake', async () => {
    await subscribe();
    const sessionId = newId(clock.now()) as SessionId;
    const [first, second] = [anEvent({ sessionId }), anEvent({ sessionId })];
    const other = anEvent();
    await log.record([first]);
    await log.record([second]);
    await log.record([other]);
    receiver.behave(({ headers }, response) => {
      response.statusCode = headers['webhook-id'] === first.id ? 500 : 204;
      response.end();
    });
    const node = aNode();
    await node.drain();
    expect(ids().sort()).toEqual([first.id, other.id].sort());
    receiver.behave(204);
    clock.advance(1);
    await node.drain();
    expect(ids().slice(2)).toEqual([first.id, second.id]);
  });

  it('hands nothing on that an older, still open transaction could come before', async () => {
    await subscribe();
    const slow = await openTransaction();
    const early = anEvent();
    await slow.record(early);
    const late = anEvent();
    await log.record([late]);
    const node = aNode();
    await node.drain();
    expect(receiver.received).toEqual([]);
    await slow.commit();
    await node.drain();
    expect(ids().sort()).toEqual([early.id, late.id].sort());
    const order = await database.query<{ event_id: string }>(
      "SELECT event_id FROM delivery_cursor WHERE name = 'outbox'",
    );
    expect(order).toEqual([{ event_id: late.id }]);
  });

  it('delivers each event once with two nodes at work', async () => {
    await subscribe();
    const events = Array.from({ length: 60 }, () => anEvent());
    const nodes = [aNode(), aNode()];
    for (const event of events) {
      await log.record([event]);
      if (events.indexOf(event) % 10 === 0) await Promise.all(nodes.map((node) => node.run()));
    }
    await Promise.all(nodes.map((node) => node.drain()));
    await Promise.all(nodes.map((node) => node.drain()));
    expect(ids().sort()).toEqual(events.map(({ id }) => id).sort());
  });

  it('delivers what a node had taken when it died, and nothing twice that was acknowledged', async () => {
    await subscribe();
    const event = anEvent();
    await log.record([event]);
    const store = new DeliveryStore(database.prisma(), 'http://admin.example.test');
    await store.handOn(clock.now(), 100);
    const lostAt = (clock.now() + 3_000) as never;
    expect(
      await store.take({ now: clock.now(), lostAt, most: 9, maxPerReceiver: 9, except: [] }),
    ).toHaveLength(1);
    const survivor = aNode();
    await survivor.drain();
    expect(receiver.received).toEqual([]);
    clock.advance(3);
    await survivor.drain();
    await survivor.drain();
    expect(ids()).toEqual([event.id]);
  });

  it('starts after what a restored database brought with it, with the restoration itself', async () => {
    await subscribe();
    await log.record([anEvent()]);
    await database.query('UPDATE service_state SET epoch = 2');
    const restored = anEvent({ type: 'service.restored', data: { epoch: 2, notBefore: clock.now() } });
    await log.record([restored]);
    await aNode().drain();
    expect(ids()).toEqual([restored.id]);
  });

  it('never stops a request: a receiver that is gone and a lost node change nothing for those who record', async () => {
    await subscribe();
    const prisma = database.prisma();
    await prisma.$transaction(async (transaction) => {
      await transaction.$queryRaw`SELECT 1 FROM delivery_cursor FOR UPDATE`;
      await transaction.$queryRaw`SELECT 1 FROM delivery_receiver FOR UPDATE`;
      await log.record([anEvent()]);
      await aNode().run();
    });
    await aNode().drain();
    expect(receiver.received).toHaveLength(1);
  });
});
