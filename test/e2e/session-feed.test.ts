import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createVerifier, trustBoundMs, type Verifier } from '@curfew/resource-server';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { asHeader, orders, ProtocolWorld, type TestClient } from './protocol-world.js';

let world: ProtocolWorld;
/** Reads from the beginning on, and acknowledges nothing. */
let silent: Feed;
/** Follows from the beginning on, so that its time-to-deny has been measured when somebody asks. */
let probed: Verifier;
let metricsPort: number;
beforeAll(async () => {
  metricsPort = await freePort();
  world = await ProtocolWorld.start({ CURFEW_METRICS_PORT: String(metricsPort) });
  silent = await Feed.open(undefined, world.issuer, world.clients.billingApi);
  probed = verifierOf(world);
}, 60_000);
afterAll(async () => {
  silent?.close();
  await probed?.close();
  await world?.stop();
});

function verifierOf({ issuer, clients }: ProtocolWorld): Verifier {
  const { id: clientId, secret: clientSecret } = clients.api;
  return createVerifier({ issuer, clientId, clientSecret, audience: orders });
}

interface FeedEvent {
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: any message, judged by the assertions
  readonly data: any;
}

/** The feed as anybody would read it, without the library. */
class Feed {
  readonly events: FeedEvent[] = [];
  readonly #stopping = new AbortController();

  static async open(from?: string, issuer = world.issuer, client = world.clients.api): Promise<Feed> {
    const feed = new Feed();
    const response = await fetch(`${issuer}/session-feed`, {
      headers: { ...asHeader(client), ...(from ? { 'last-event-id': from } : {}) },
      signal: feed.#stopping.signal,
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    void feed.#read(response.body!).catch(() => {});
    return feed;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
      for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
        const fields = new Map(
          text
            .slice(0, end)
            .split('\n')
            .map((line) => line.split(/: (.*)/s) as [string, string]),
        );
        text = text.slice(end + 2);
        this.events.push({
          event: fields.get('event') ?? '',
          id: fields.get('id'),
          data: JSON.parse(fields.get('data') ?? 'null'),
        });
      }
    }
  }

  get ended(): string[] {
    return this.events
      .filter(({ event }) => event === 'ends')
      .flatMap(({ data }) => data.sessions as string[]);
  }

  get position(): string | undefined {
    return this.events.findLast(({ event }) => event === 'beat')?.id;
  }

  async until(holds: () => boolean, withinMs = 10_000): Promise<number> {
    const began = performance.now();
    while (!holds()) {
      expect(performance.now() - began).toBeLessThan(withinMs);
      await pause(5);
    }
    return performance.now() - began;
  }

  close(): void {
    this.#stopping.abort();
  }
}

const signIn = async () => (await world.signIn(world.clients.web, { resource: orders })).body;
const sessionOf = async (token: string): Promise<string> => (await world.introspect(token)).body.sid;
const end = (refreshToken: string, extra: Record<string, string> = {}) =>
  world.revoke(world.clients.web, refreshToken, extra);

describe('the session feed', () => {
  it('is for clients of resource servers only', async () => {
    const ask = async (headers: Record<string, string>) =>
      (await fetch(`${world.issuer}/session-feed`, { headers })).status;
    expect(await ask({})).toBe(401);
    expect(await ask(asHeader({ ...world.clients.api, secret: 'wrong' }))).toBe(401);
    expect(await ask(asHeader(world.clients.web))).toBe(403);
  });

  it('tells ends within milliseconds, and beats', async () => {
    const feed = await Feed.open();
    const beats = () => feed.events.filter(({ event }) => event === 'beat').length;
    const untilMoreBeats = (count: number, before = beats()) => feed.until(() => beats() >= before + count);
    const took: number[] = [];
    for (let round = 0; round < 3; round++) {
      const { access_token: token, refresh_token: refreshToken } = await signIn();
      const session = await sessionOf(token);
      // Right after a beat, as what only the next one brings comes half a second later.
      await untilMoreBeats(1);
      expect(feed.ended).not.toContain(session);
      const began = performance.now();
      await end(refreshToken);
      await feed.until(() => feed.ended.includes(session));
      took.push(performance.now() - began);
      expect(await untilMoreBeats(2)).toBeLessThan(trustBoundMs);
      // Told once, although the database was read again since.
      expect(feed.ended.filter((one) => one === session)).toHaveLength(1);
    }
    expect(Math.min(...took)).toBeLessThan(250);
    feed.close();
  });

  it('tells late-comers what ended lately, and those who come back what they missed', async () => {
    const feed = await Feed.open();
    await feed.until(() => feed.position !== undefined);
    const from = feed.position!;
    feed.close();
    const { access_token: token, refresh_token: refreshToken } = await signIn();
    const session = await sessionOf(token);
    await end(refreshToken);
    const back = await Feed.open(from);
    await back.until(() => back.position !== undefined);
    expect(back.events.map(({ event }) => event)).not.toContain('resync');
    expect(back.ended).toContain(session);
    const late = await Feed.open();
    await late.until(() => late.position !== undefined);
    expect(late.ended).toContain(session);
    for (const one of [back, late]) one.close();
  });

  it('makes whoever comes with a place of another database forget everything', async () => {
    const feed = await Feed.open('11111111-1111-4111-8111-111111111111.1.700');
    await feed.until(() => feed.position !== undefined);
    expect(feed.events[1]?.event).toBe('resync');
    feed.close();
  });

  it('tells the revocation of a single token by its hash, and mass ends with their instant', async () => {
    const feed = await Feed.open();
    await feed.until(() => feed.position !== undefined);
    const { access_token: token } = await signIn();
    await world.revoke(world.clients.web, token);
    const told = () => feed.events.filter(({ event }) => event === 'ends').flatMap(({ data }) => data.tokens);
    await feed.until(() => told().length > 0);
    expect(told()).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    await world.database.query(
      `INSERT INTO not_before (kind, target, at, reason) VALUES ('client', 'nobody', '2030-01-01T00:00:00Z', 'client_disabled')`,
    );
    const all = () => feed.events.filter(({ event }) => event === 'ends').flatMap(({ data }) => data.all);
    // Nobody announced this one: it is found in the table before the next beat.
    await feed.until(() => all().length > 0);
    expect(all()).toContainEqual({
      kind: 'client',
      target: 'nobody',
      at: Date.parse('2030-01-01T00:00:00Z'),
    });
    feed.close();
  });

  it('misses no end of a transaction that was slow to commit', async () => {
    const { access_token: token } = await signIn();
    const session = await sessionOf(token);
    const feed = await Feed.open();
    await feed.until(() => feed.position !== undefined);
    const prisma = world.database.prisma();
    await prisma.$transaction(
      async (transaction) => {
        await transaction.$executeRaw`
          INSERT INTO event (id, at, type, session_id, data) VALUES (gen_random_uuid(), now(), 'session.ended', ${session}::uuid, '{}')`;
        const later = await signIn();
        await end(later.refresh_token);
        await pause(1_200);
        expect(feed.ended).not.toContain(session);
      },
      { timeout: 10_000 },
    );
    await feed.until(() => feed.ended.includes(session));
    feed.close();
  }, 20_000);
});

describe('a follower', () => {
  const verifiers: Verifier[] = [];
  const follow = (): Verifier => {
    const verifier = verifierOf(world);
    verifiers.push(verifier);
    return verifier;
  };
  const following = async (verifier: Verifier, is = true) => {
    const began = performance.now();
    while (verifier.following !== is) {
      expect(performance.now() - began).toBeLessThan(5_000);
      await pause(5);
    }
    return performance.now() - began;
  };
  const ask = async (verifier: Verifier, token: string) => {
    const verdict = await verifier.verify({ headers: { authorization: `Bearer ${token}` } });
    return verdict.kind === 'allowed' ? 200 : verdict.refusal.status;
  };
  afterEach(async () => {
    await Promise.all(verifiers.splice(0).map((verifier) => verifier.close()));
  });

  it('has forgotten a session when its confirmed end is answered', async () => {
    const followers = Array.from({ length: 10 }, () => follow());
    await Promise.all(followers.map((one) => following(one)));
    for (let round = 0; round < 5; round++) {
      const { access_token: token, refresh_token: refreshToken } = await signIn();
      for (const one of followers) expect(await ask(one, token)).toBe(200);
      const began = performance.now();
      expect((await end(refreshToken, { confirm: 'true' })).status).toBe(200);
      // A follower that waits for a lease instead waits for all of it.
      expect(performance.now() - began).toBeLessThan(trustBoundMs - 200);
      for (const one of followers) expect(await ask(one, token)).toBe(401);
    }
  }, 30_000);

  it('that is gone delays a confirmation until its lease has run out, and no longer', async () => {
    const one = follow();
    await following(one);
    await one.close();
    const { refresh_token: refreshToken } = await signIn();
    const began = performance.now();
    expect((await end(refreshToken, { confirm: 'true' })).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(trustBoundMs + 500);
    const again = performance.now();
    expect((await end(refreshToken, { confirm: 'true' })).status).toBe(200);
    expect(performance.now() - again).toBeLessThan(trustBoundMs - 200);
  });

  it('is measured: how long it lets an ended session pass', async () => {
    await following(probed);
    const report = async () => {
      const [row] = await world.database.query<{
        followers: { timeToDenyMs: number | null; stale: boolean }[];
      }>('SELECT followers FROM feed_node');
      return row?.followers ?? [];
    };
    const deadline = performance.now() + 20_000;
    while (!(await report()).some(({ timeToDenyMs }) => timeToDenyMs !== null)) {
      expect(performance.now()).toBeLessThan(deadline);
      await pause(200);
    }
    const [measured] = (await report()).filter(({ timeToDenyMs }) => timeToDenyMs !== null);
    expect(measured).toMatchObject({ stale: false });
    expect(measured!.timeToDenyMs).toBeLessThan(500);
    const metrics = async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(await metrics()).toMatch(/^curfew_feed_followers_stale \d+$/m);
    const counted = new RegExp(
      `^curfew_time_to_deny_seconds_count\\{client="${world.clients.api.id}"\\} [1-9]`,
      'm',
    );
    while (!counted.test(await metrics())) {
      expect(performance.now()).toBeLessThan(deadline);
      await pause(200);
    }
  }, 30_000);

  it('of one node hears what another node ended, and confirms it there', async () => {
    const port = await freePort();
    const other: RunningServer = await startServer({
      databaseUrl: world.database.url,
      settings: { ...world.server.environment, CURFEW_AUTH_PORT: String(port), CURFEW_METRICS_PORT: '' },
    });
    const one = follow();
    await following(one);
    const { access_token: token, refresh_token: refreshToken } = await signIn();
    expect(await ask(one, token)).toBe(200);
    const form = new URLSearchParams({ token: refreshToken, confirm: 'true' });
    const { host } = new URL(world.issuer);
    const status = await postTo(port, host, '/revocation', form, asHeader(world.clients.web));
    expect([status, await ask(one, token)]).toEqual([200, 401]);
    await one.close();
    await pause(trustBoundMs);

    // A load balancer may bring a follower's acknowledgements to another node than its stream.
    const feed = await Feed.open();
    await feed.until(() => feed.position !== undefined);
    const follower = feed.events.find(({ event }) => event === 'hello')!.data.id;
    const acknowledge = (done: string[]) =>
      postTo(port, host, '/session-feed/acknowledgements', JSON.stringify({ follower, done }), {
        ...asHeader(world.clients.api),
        'content-type': 'application/json',
      });
    const asked = () => feed.events.filter(({ event }) => event === 'confirm').map(({ data }) => data.id);
    // Before the lease begins, which nobody renews here.
    const { refresh_token: last } = await signIn();
    expect(await acknowledge([])).toBe(200);
    await pause(100);
    const began = performance.now();
    const confirmed = end(last, { confirm: 'true' });
    await feed.until(() => asked().length > 0);
    await pause(300);
    expect(await acknowledge(asked())).toBe(200);
    expect((await confirmed).status).toBe(200);
    const took = performance.now() - began;
    expect([took > 300, took < trustBoundMs - 200]).toEqual([true, true]);
    feed.close();
    await other.stop();
  }, 40_000);

  it('is let go by its own client alone, and a name that no node knows is answered with 410', async () => {
    const feed = await Feed.open();
    await feed.until(() => feed.position !== undefined);
    const follower: string = feed.events.find(({ event }) => event === 'hello')!.data.id;
    const say = async (client: TestClient, word: object) => {
      const answer = await fetch(`${world.issuer}/session-feed/acknowledgements`, {
        method: 'POST',
        headers: { ...asHeader(client), 'content-type': 'application/json' },
        body: JSON.stringify({ follower, done: [], ...word }),
      });
      return [answer.status, ((await answer.json()) as { code?: string }).code];
    };
    const { api, billingApi } = world.clients;
    const gone = [410, 'follower_gone'];
    expect(await say(api, { follower: randomUUID() })).toEqual(gone);
    expect(await say(billingApi, {})).toEqual(gone);
    const { refresh_token: refreshToken } = await signIn();
    expect(await say(api, {})).toEqual([200, undefined]);
    expect(await say(billingApi, { left: true })).toEqual(gone);
    const asked = () => feed.events.filter(({ event }) => event === 'confirm').map(({ data }) => data.id);
    const began = performance.now();
    const confirmed = end(refreshToken, { confirm: 'true' });
    await feed.until(() => asked().length > 0);
    expect(await say(billingApi, { done: asked(), left: true })).toEqual(gone);
    await pause(300);
    expect(await say(api, { done: asked() })).toEqual([200, undefined]);
    expect((await confirmed).status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(300);
    feed.close();
  }, 20_000);

  it('trusts nothing it remembers once it was without beats for as long as the bound', async () => {
    const one = follow();
    await following(one);
    const { access_token: token } = await signIn();
    expect(await ask(one, token)).toBe(200);
    process.kill(world.server.pid, 'SIGSTOP');
    try {
      expect(await following(one, false)).toBeLessThan(trustBoundMs + 100);
      expect(await ask(one, token)).toBe(503);
    } finally {
      process.kill(world.server.pid, 'SIGCONT');
    }
    await following(one);
    expect(await ask(one, token)).toBe(200);
  }, 20_000);

  // The alert takes two probes, twenty seconds: last, so that the others are over meanwhile.
  it('that says nothing raises an alert', async () => {
    expect(silent.position).toBeDefined();
    const alerts = () =>
      world.database.query<{ data: { subjects: string[] } }>(
        `SELECT data FROM event WHERE type = 'alert.raised' AND data->>'pattern' = 'stale_follower'`,
      );
    const deadline = performance.now() + 30_000;
    while (!(await alerts()).some(({ data }) => data.subjects.includes(world.clients.billingApi.id))) {
      expect(performance.now()).toBeLessThan(deadline);
      await pause(200);
    }
  }, 40_000);
});

/** Posts to another node under the issuer's name, which `fetch` would not let us set. */
async function postTo(
  port: number,
  host: string,
  path: string,
  body: URLSearchParams | string,
  headers: Record<string, string>,
): Promise<number> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        port,
        host: '127.0.0.1',
        path,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers, host },
      },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body.toString());
  });
}
