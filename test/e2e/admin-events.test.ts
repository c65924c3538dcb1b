import { createHash, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { createVerifier, type Verifier } from '@curfew/resource-server';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { SignJWT } from 'jose';
import pg from 'pg';
import { assertInvariants } from '../support/database.js';
import { Person } from '../support/person.js';
import { type AdminAnswer, AdminWorld, deviceGrant, orders } from './admin-world.js';

let world: AdminWorld;
/** Follows from the beginning on, so that its time-to-deny has been measured when somebody asks. */
let follower: Verifier;

beforeAll(async () => {
  world = await AdminWorld.start();
  const { client_id: clientId, client_secret: clientSecret, resource: audience } = world.data.clients.api;
  follower = createVerifier({ issuer: world.server.issuer, clientId, clientSecret, audience });
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(async () => {
  await follower?.close();
  await world?.stop();
});

/** A stream of events as a client reads it. */
async function follow(query = '', headers: Record<string, string> = {}) {
  const stopping = new AbortController();
  const answer = await fetch(`${world.adminUrl}/v1/events/stream${query}`, {
    headers: { authorization: `Bearer ${await world.token()}`, ...headers },
    signal: stopping.signal,
  });
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => messages.push(message) });
  const closed = (async () => {
    if (answer.ok && answer.body)
      for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) parser.feed(chunk);
  })().catch(() => {});
  const until = async (met: () => boolean, patience = 10_000) => {
    const deadline = performance.now() + patience;
    while (!met() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    return met();
  };
  return { answer, messages, until, closed, stop: () => stopping.abort() };
}

describe('events over the admin API', () => {
  it('are listed the latest first, by type, session, account, client and time', async () => {
    const { sid } = await world.signIn();
    await world.call('DELETE', `/v1/sessions/${sid}`);
    const { body } = await world.get(`/v1/events?session=${sid}`);
    const types = body.items.map(({ type }: { type: string }) => type);
    expect(types).toEqual(expect.arrayContaining(['session.started', 'session.ended', 'admin.acted']));
    expect(types.indexOf('session.ended')).toBeLessThan(types.indexOf('session.started'));
    const one = body.items.find(({ type }: { type: string }) => type === 'session.ended');
    const count = async (query: string) => (await world.get(`/v1/events?${query}`)).body.items.length;
    expect(await count(`session=${sid}&type=session.ended`)).toBe(1);
    expect(await count(`account=${one.account_id}&client=${one.client_id}&type=session.ended`)).toBe(1);
    expect(await count(`session=${sid}&until=${encodeURIComponent('2020-01-01T00:00:00Z')}`)).toBe(0);
    expect((await world.get('/v1/events?type=session.slept')).status).toBe(400);
  });

  it('are found by the address of their request, of their actor, or of what was counted', async () => {
    const { sid } = await world.signIn();
    await world.call('DELETE', `/v1/sessions/${sid}`);
    const { body } = await world.get(`/v1/events?session=${sid}&type=session.started`);
    const { ip } = body.items[0].data.signals;
    const found = async (address: string) =>
      (await world.get(`/v1/events?session=${sid}&ip=${encodeURIComponent(address)}`)).body.items.map(
        ({ type }: { type: string }) => type,
      );
    expect(await found(ip)).toEqual(expect.arrayContaining(['session.started', 'admin.acted']));
    expect(await found(ip.includes(':') ? `${ip}/64` : `${ip}/8`)).toEqual(await found(ip));
    expect(await found('203.0.113.77')).toEqual([]);
    expect((await world.get('/v1/events?ip=300.1.1.1')).body.faults).toEqual([
      { at: 'query/ip', detail: 'must be an address or a network such as 192.0.2.0/24' },
    ]);
    const first = await world.get(`/v1/events?ip=${ip}&limit=1`);
    const second = await world.get(`/v1/events?ip=${ip}&limit=1&cursor=${first.body.next_cursor}`);
    expect(second.body.items[0].id < first.body.items[0].id).toBe(true);
  });

  it('are handed out as a file with one object on each line, as many as there are up to the limit', async () => {
    const { sid } = await world.signIn();
    const listed = (await world.get(`/v1/events?session=${sid}`)).body.items;
    const file = await world.get(`/v1/events/export?session=${sid}`);
    expect(file.headers.get('content-type')).toBe('application/jsonl; charset=utf-8');
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="events.jsonl"');
    const lines = (text: string) =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line));
    expect(lines(file.text)).toEqual(listed);
    const all = lines((await world.get('/v1/events/export?limit=3')).text);
    expect(all).toHaveLength(3);
    expect((await world.get('/v1/events/export?limit=100001')).status).toBe(400);
  });

  it('name the person, who acted and the class of a reuse, in the list and as they come in', async () => {
    const { username } = world.data.accounts[0]!;
    const person = world.person();
    const following = await follow('?type=session.ended,session.reuse_found,admin.acted');
    const [own, reused, operated] = [
      await world.signIn(person),
      await world.signIn(person),
      await world.signIn(person),
    ];
    await world.endOwn(person, own);
    await world.reuse(reused);
    await world.call('DELETE', `/v1/sessions/${operated.sid}`);
    const streamed = () => following.messages.map(({ data }) => JSON.parse(data));
    const of = ({ sid }: { sid: string }, type: string, events: { session_id: string; type: string }[]) =>
      events.find((event) => event.session_id === sid && event.type === type);
    expect(await following.until(() => of(operated, 'session.ended', streamed()) !== undefined)).toBe(true);
    following.stop();
    const { account_id: id } = of(own, 'session.ended', streamed()) as unknown as { account_id: string };
    const listed = (await world.get(`/v1/events?account=${id}&limit=200`)).body.items;
    const operator = { kind: 'administrator', id: world.data.clients.admin.client_id, username: null };
    for (const events of [listed, streamed()]) {
      const named = { account_id: id, username };
      expect(of(own, 'session.ended', events)).toMatchObject({
        ...named,
        by: { kind: 'user', id, username },
      });
      expect(of(operated, 'session.ended', events)).toMatchObject({ ...named, by: operator });
      expect(of(reused, 'session.reuse_found', events)).toMatchObject({
        ...named,
        by: null,
        data: { evidence: { class: 'stale_lineage' } },
      });
      expect(of(reused, 'session.ended', events)).toMatchObject({
        ...named,
        by: null,
        data: { reason: 'refresh_token_reuse', evidence: { class: 'stale_lineage' } },
      });
    }
  });

  it('are listed page by page', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await world.get(`/v1/events?limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      cursor = body.next_cursor ?? '';
    } while (cursor);
    const rows = await world.database.query<{ id: string }>('SELECT id FROM event ORDER BY id DESC');
    expect(seen.length).toBeGreaterThan(5);
    expect(rows.map(({ id }) => id).filter((id) => seen.includes(id))).toEqual(seen);
  });

  it('come in as they happen, and again from where a reader left off', async () => {
    const first = await follow('?type=session.ended');
    expect(first.answer.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const sids: string[] = [];
    for (let number = 0; number < 2; number++) {
      const { sid } = await world.signIn();
      await world.call('DELETE', `/v1/sessions/${sid}`);
      sids.push(sid);
    }
    const read = () => first.messages.map(({ data }) => JSON.parse(data).session_id);
    expect(await first.until(() => sids.every((sid) => read().includes(sid)))).toBe(true);
    expect(first.messages[0]).toMatchObject({ event: 'session.ended' });
    const position = first.messages.find(({ data }) => JSON.parse(data).session_id === sids[0])!.id!;
    first.stop();
    const second = await follow('?type=session.ended', { 'last-event-id': position });
    expect(await second.until(() => second.messages.length >= 1)).toBe(true);
    expect(JSON.parse(second.messages[0]!.data).session_id).toBe(sids[1]);
    second.stop();
    const { body } = await world.get(`/v1/events?type=session.ended&after=${position}`);
    expect(body.items[0].session_id).toBe(sids[1]);
  });

  it('wait for transactions that began before them, so that nothing slips in behind a reader', async () => {
    const { body } = await world.get('/v1/events?limit=1');
    const after = body.items[0].position;
    const late = new pg.Client({ connectionString: world.database.url });
    await late.connect();
    await late.query('BEGIN');
    const event = (client: { query: pg.Client['query'] }) =>
      client.query(
        `INSERT INTO event (id, at, type, client_id, data) VALUES (gen_random_uuid(), now(), 'client.changed', 'order', '{}')`,
      );
    await event(late);
    await world.database.query(
      `INSERT INTO event (id, at, type, client_id, data) VALUES (gen_random_uuid(), now(), 'client.changed', 'order', '{}')`,
    );
    const seen = async () => (await world.get(`/v1/events?client=order&after=${after}`)).body.items.length;
    expect(await seen()).toBe(0);
    await late.query('COMMIT');
    await late.end();
    // Transactions of other tests in the same cluster are waited for as well.
    const deadline = performance.now() + 20_000;
    while ((await seen()) === 0 && performance.now() < deadline) await pause(50);
    expect(await seen()).toBe(2);
  });

  it('stop coming when the token is over', async () => {
    const { body } = await world.post('/v1/clients', {
      client_name: 'Follower',
      grant_types: ['client_credentials'],
      resources: [world.adminUrl],
      scope: 'events:read',
    });
    const token = await world.clientToken(body, 'events:read');
    const stream = await follow('', { authorization: `Bearer ${token}` });
    expect(stream.answer.status).toBe(200);
    await world.call('POST', `/v1/clients/${body.client_id}/disable`);
    const ended = await Promise.race([
      stream.closed.then(() => true),
      new Promise((resolve) => setTimeout(() => resolve(false), 20_000)),
    ]);
    stream.stop();
    expect(ended).toBe(true);
  }, 40_000);

  it('are streamed to one caller so often and no more', async () => {
    const streams = [];
    for (let number = 0; number < 11; number++) streams.push(await follow('?type=key.rotated'));
    const statuses = streams.map(({ answer }) => answer.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.at(-1)).toBe(429);
    expect(streams.at(-1)!.answer.headers.get('retry-after')).toBe('5');
    for (const stream of streams) stream.stop();
  });

  it('have a doctor beside them, who looks once for all who ask at once and says what to do', async () => {
    await world.database.query(
      "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('broken', '', '20990101000000_broken')",
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => world.get('/v1/doctor')));
    await world.database.query("DELETE FROM _prisma_migrations WHERE id = 'broken'");
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    const [{ body, text }] = answers as [AdminAnswer];
    const found = Object.fromEntries(body.items.map((one: { name: string }) => [one.name, one]));
    expect(found.migrations).toEqual({
      name: 'migrations',
      state: 'wrong',
      detail: '20990101000000_broken failed',
      advice: 'mend the database, then run prisma migrate resolve',
    });
    expect(found).toMatchObject({
      database: { state: 'ok', advice: null },
      clock: { state: 'ok' },
      failover: { state: 'note' },
      'lost data': { state: 'ok' },
      announcements: { state: 'ok' },
      administrators: { state: 'ok' },
      'state folder': { state: expect.stringMatching(/^(ok|note)$/) },
      'authorization server': { state: 'ok', detail: `${world.server.issuer} is ready` },
      metadata: { state: 'ok' },
      'admin API': { state: 'ok', detail: `${world.adminUrl} is ready` },
      gateway: { state: 'note' },
      'certificate of the issuer': { state: 'note' },
      'signing keys': { state: 'ok', detail: expect.stringMatching(/ES256/) },
      sessions: { state: expect.stringMatching(/^(ok|note)$/) },
      mail: { state: 'ok' },
      'identity providers': { state: 'ok', detail: 'none' },
      receivers: { name: 'receivers' },
    });
    expect(text).not.toMatch(/postgres(ql)?:\/\//);
  });

  it('have figures beside them, for people and for Prometheus', async () => {
    const { body } = await world.get('/v1/stats');
    expect(body.sessions.live).toBeGreaterThanOrEqual(0);
    expect(body.sessions.ended_last_24h.ended_by_administrator).toBeGreaterThan(0);
    const measured = async () => (await world.get('/v1/stats')).body.time_to_deny;
    const deadline = performance.now() + 20_000;
    while ((await measured()).slowest_ms === null) {
      expect(performance.now()).toBeLessThan(deadline);
      await pause(200);
    }
    const clientId = world.data.clients.api.client_id;
    expect(await measured()).toEqual({
      followers: 1,
      stale: 0,
      slowest_ms: expect.any(Number),
      by_follower: [{ id: expect.any(String), client_id: clientId, ms: expect.any(Number), stale: false }],
    });
    const { text, headers } = await world.get('/metrics', { token: null });
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^curfew_sessions_live \d+$/m);
    expect(text).toMatch(/curfew_admin_requests_total\{operation="listEvents",status="200"\} \d+/);
  });
});

describe('a token bound to a key', () => {
  let key: { publicKey: KeyObject; privateKey: KeyObject };
  let token: string;

  const proof = (method: string, url: string, more: Record<string, unknown> = {}, header: object = {}) => {
    const claims = { jti: randomUUID(), htm: method, htu: url, ...more };
    const jwk = key.publicKey.export({ format: 'jwk' });
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: jwk as never, ...header })
      .setIssuedAt(more['iat'] as number | undefined)
      .sign(key.privateKey);
  };
  const ath = () => createHash('sha256').update(token).digest('base64url');
  const ask = (dpop: string | null, scheme = 'DPoP') =>
    world.get('/v1/keys', {
      token: null,
      headers: { authorization: `${scheme} ${token}`, ...(dpop ? { dpop } : {}) },
    });

  beforeAll(async () => {
    key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const dpop = await proof('POST', `${world.server.issuer}/token`);
    token = await world.clientToken(world.data.clients.admin, undefined, { dpop });
  });

  it('is honoured with a proof of that key for that request', async () => {
    const dpop = await proof('GET', `${world.adminUrl}/v1/keys`, { ath: ath() });
    expect((await ask(dpop)).status).toBe(200);
    const again = await ask(dpop);
    expect([again.status, again.body.code]).toEqual([401, 'invalid_dpop_proof']);
    expect(again.headers.get('www-authenticate')).toMatch(/^DPoP .*error="invalid_dpop_proof"/);
  });

  it('is worth nothing as a bearer token, or without a proof', async () => {
    const bearer = await ask(await proof('GET', `${world.adminUrl}/v1/keys`, { ath: ath() }), 'Bearer');
    expect([bearer.status, bearer.body.code]).toEqual([401, 'invalid_token']);
    expect((await ask(null)).body.code).toBe('invalid_dpop_proof');
    const unbound = await world.get('/v1/keys', {
      token: null,
      headers: { authorization: `DPoP ${await world.token()}` },
    });
    expect(unbound.body.code).toBe('invalid_token');
  });

  it('is refused with a proof for anything else', async () => {
    const url = `${world.adminUrl}/v1/keys`;
    const own = key;
    const proofs = [
      await proof('POST', url, { ath: ath() }),
      await proof('GET', `${world.adminUrl}/v1/clients`, { ath: ath() }),
      await proof('GET', url),
      await proof('GET', url, { ath: createHash('sha256').update('other').digest('base64url') }),
      await proof('GET', url, { ath: ath(), iat: 1_000_000 }),
      await proof('GET', url, { ath: ath() }, { typ: 'jwt' }),
      await proof('GET', url, { ath: ath(), jti: 7 }),
      'x.y.z',
    ];
    key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    proofs.push(await proof('GET', url, { ath: ath() }));
    key = own;
    for (const [index, dpop] of proofs.entries()) {
      const { status, body } = await ask(dpop);
      expect([index, status, body.code]).toEqual([index, 401, 'invalid_dpop_proof']);
    }
  });
});

describe('the personal data of an account', () => {
  const settled = async () => {
    // An event is sealed once no older transaction of the whole PostgreSQL is open, and other tests have some.
    for (let tries = 0; tries < 400; tries += 1) {
      const [found] = await world.database.query<{ open: boolean }>(
        `SELECT EXISTS (SELECT 1 FROM event e WHERE NOT EXISTS (SELECT 1 FROM event_seal s WHERE s.era = e.era AND (s.last_xid, s.last_id) >= (e.xid, e.id))) AS open`,
      );
      if (!found?.open) return;
      await world.database.query('SELECT curfew_seal_events(5, now())');
      await pause(25);
    }
    throw new Error('an event was not sealed within ten seconds');
  };
  const integrity = async () => (await world.get('/v1/events/integrity')).body;

  it('is handed out without secrets, and that is recorded', async () => {
    const { sid } = await world.signIn();
    const { account_id: id } = (await world.get(`/v1/sessions/${sid}`)).body;
    const { status, body, text } = await world.post(`/v1/accounts/${id}/export`, { note: 'asked by letter' });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      account: { id, username: expect.any(String) },
      sessions: expect.arrayContaining([expect.objectContaining({ id: sid })]),
      events: expect.arrayContaining([expect.objectContaining({ type: 'session.started', session_id: sid })]),
      events_left_out: false,
    });
    expect(text).not.toMatch(/argon2|password_hash|token_hash|cfw_/);
    const [acted] = (await world.get(`/v1/events?account=${id}&type=admin.acted`)).body.items;
    expect(acted.data).toMatchObject({ operation: 'exportPersonalData', note: 'asked by letter' });
    expect((await world.post(`/v1/accounts/${randomUUID()}/export`, {})).status).toBe(404);
  });

  it('is erased everywhere, and the sealed history still verifies', async () => {
    const password = randomUUID();
    const username = `gone${randomUUID()}@example.test`;
    const account = { username, password, email: username, must_change_password: false };
    const { id } = (await world.post('/v1/accounts', account)).body;
    const made = await world.post('/v1/clients', {
      client_name: 'Shop',
      grant_types: [deviceGrant, 'refresh_token'],
      token_endpoint_auth_method: 'none',
      resources: [orders],
    });
    const tokens = await world.signInRaw(new Person(username, password), {
      client_id: made.body.client_id,
      resource: orders,
      scope: 'openid',
    });
    await new Person(username, password, { 'accept-language': 'de' }).follow(
      `${world.server.issuer}/sign-in`,
    );
    const other = await world.signIn();
    const signedIn = (await world.get(`/v1/events?account=${id}&type=signin.succeeded`)).body.items;
    expect(signedIn[0].data).toMatchObject({ language: 'de' });
    await settled();
    const { head } = await integrity();
    const erased = await world.post(`/v1/accounts/${id}/erase`, { note: 'asked by letter' });
    expect([erased.status, erased.body.seals > 0]).toEqual([200, true]);
    expect((await world.introspect(tokens['access_token'] ?? '')).active).toBe(false);
    for (const table of ['event', 'event_count', 'session', 'browser_session', 'account_profile']) {
      const rows = await world.database.query<{ text: string }>(
        `SELECT to_jsonb(t)::text AS text FROM ${table} t WHERE account_id = $1`,
        [id],
      );
      const left = rows.filter(
        ({ text }) =>
          text.includes(username) || /"(ip|prefix)": "[^"]+"[^}]*"userAgentFamily"|"language": "/.test(text),
      );
      expect([table, left]).toEqual([table, []]);
    }
    const checked = await integrity();
    expect(checked.problems).toEqual([]);
    const known = await world.get(`/v1/events/integrity?known_seal=${head.seal}&known_hash=${head.hash}`);
    expect(known.body.known_matches).toBe(true);
    await settled();
    expect((await integrity()).problems).toEqual([]);
    expect((await world.get(`/v1/sessions/${other.sid}`)).body.signals.ip).not.toBeNull();
    const again = await world.post(`/v1/accounts/${id}/erase`, {});
    expect([again.status, again.body]).toEqual([200, { seals: 0, records: 0 }]);
    expect((await world.post(`/v1/accounts/${randomUUID()}/erase`, {})).status).toBe(404);
  });

  it('is not erased from events that somebody changed, so that an erasure covers nothing up', async () => {
    const { id } = (await world.post('/v1/accounts', { username: `t${randomUUID()}@example.test` })).body;
    const event = randomUUID();
    await world.database.query(
      `INSERT INTO event (id, at, type, account_id, data) VALUES ($1, now(), 'signin.failed', $2, '{"ip": "192.0.2.1"}')`,
      [event, id],
    );
    await settled();
    const change = async (data: string) => {
      await world.database.query('ALTER TABLE event DISABLE TRIGGER USER');
      const parts = await world.database.query<{ part: string }>(
        `SELECT inhrelid::regclass::text AS part FROM pg_inherits WHERE inhparent = 'event'::regclass`,
      );
      for (const { part } of parts) await world.database.query(`ALTER TABLE ${part} DISABLE TRIGGER USER`);
      await world.database.query('UPDATE event SET data = $2::jsonb WHERE id = $1', [event, data]);
    };
    await change('{"ip": "192.0.2.2"}');
    const refused = await world.post(`/v1/accounts/${id}/erase`, {});
    expect([refused.status, refused.body.code]).toEqual([409, 'history_does_not_verify']);
    await change('{"ip": "192.0.2.1"}');
    expect((await world.post(`/v1/accounts/${id}/erase`, {})).status).toBe(200);
    expect((await integrity()).problems).toEqual([]);
  });
});
