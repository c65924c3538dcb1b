import { randomUUID } from 'node:crypto';
import { ClientService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { instant } from '@curfew/session-policy';
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { assertInvariants } from '../support/database.js';
import { type EventReceiver, startReceiver } from '../support/receiver.js';
import { asHeader, orders, ProtocolWorld, type TestClient } from './protocol-world.js';

const revoked = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const verification = 'https://schemas.openid.net/secevent/ssf/event-type/verification';
const push = 'urn:ietf:rfc:8935';
const poll = 'urn:ietf:rfc:8936';

class HostClock extends Clock {
  now() {
    return instant(Math.floor(performance.timeOrigin + performance.now()));
  }
}

let world: ProtocolWorld;
let receiver: EventReceiver;
const clientsOfWorld = () =>
  new ClientService({
    prisma: world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' }),
    clock: new HostClock(),
    rules: { allowPrivateAddresses: true },
  });
beforeAll(async () => {
  world = await ProtocolWorld.start({
    CURFEW_DELIVERY_INTERVAL: '50ms',
    CURFEW_DELIVERY_FIRST_RETRY: '100ms',
    CURFEW_DELIVERY_TIMEOUT: '500ms',
  });
}, 60_000);
afterAll(() => world.stop());
beforeEach(async () => {
  receiver = await startReceiver();
  receiver.behave(202);
});
afterEach(async () => {
  await call('DELETE', '/ssf/streams');
  await receiver.close();
  await assertInvariants(world.database);
});

async function call(method: string, path: string, body?: unknown, client: TestClient = world.clients.api) {
  const response = await fetch(new URL(path, world.issuer), {
    method,
    headers: { ...asHeader(client), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: any response, judged by the assertions
  return { status: response.status, body: (text ? JSON.parse(text) : null) as any };
}
async function endOfASession(resource: string | null = orders): Promise<string> {
  const { body } = await world.signIn(world.clients.web, {
    scope: 'openid offline_access',
    prompt: 'consent',
    ...(resource === null ? {} : { resource }),
  });
  await world.revoke(world.clients.web, body.refresh_token);
  return String(decodeJwt(body.id_token)['sid']);
}
const verified = async (token: string) =>
  (
    await jwtVerify(token, createRemoteJWKSet(new URL('/jwks', world.issuer)), {
      issuer: world.issuer,
      audience: world.clients.api.id,
      typ: 'secevent+jwt',
    })
  ).payload as Record<string, never>;
async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
const pollOnce = async (question: object = {}) =>
  (await call('POST', '/ssf/poll', { returnImmediately: true, ...question })).body as {
    sets: Record<string, string>;
    moreAvailable: boolean;
  };
const untilPolled = (count: number) =>
  until(async () => {
    const answer = await pollOnce();
    return Object.keys(answer.sets).length >= count ? answer : undefined;
  });

describe('the transmitter', () => {
  it('says where everything is', async () => {
    const { body } = await call('GET', '/.well-known/ssf-configuration');
    expect(body).toMatchObject({
      issuer: world.issuer,
      jwks_uri: `${world.issuer}/jwks`,
      delivery_methods_supported: [push, poll],
      configuration_endpoint: `${world.issuer}/ssf/streams`,
    });
  });

  it('says it to who asks, and takes nothing there', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const response = await fetch(`${world.issuer}/.well-known/ssf-configuration`, { method });
      expect([method, response.status, response.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD']);
    }
    const head = await fetch(`${world.issuer}/.well-known/ssf-configuration`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('manages one stream for each client that proves who it is', async () => {
    expect((await call('GET', '/ssf/streams')).body).toEqual([]);
    expect((await call('GET', '/ssf/streams?stream_id=stream:another')).status).toBe(404);
    expect((await call('POST', '/ssf/streams', {}, { ...world.clients.api, secret: 'wrong' })).status).toBe(
      401,
    );
    expect((await call('POST', '/ssf/streams', {}, world.clients.web)).status).toBe(403);
    const wish = {
      delivery: { method: push, endpoint_url: receiver.url },
      events_requested: [revoked, 'urn:unknown'],
    };
    const made = await call('POST', '/ssf/streams', wish);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      iss: world.issuer,
      aud: world.clients.api.id,
      events_requested: [revoked, 'urn:unknown'],
      events_delivered: [revoked],
      delivery: { method: push, endpoint_url: receiver.url },
    });
    expect((await call('POST', '/ssf/streams', wish)).status).toBe(409);
    const listed = await call('GET', '/ssf/streams');
    expect(listed.body).toEqual([made.body]);
    const named = `?stream_id=${encodeURIComponent(made.body.stream_id)}`;
    expect((await call('GET', `/ssf/streams${named}`)).body).toEqual(made.body);
    expect((await call('GET', `/ssf/status${named}`)).body).toMatchObject({ status: 'enabled' });
    expect((await call('GET', '/ssf/status?stream_id=another')).status).toBe(404);
    expect((await call('PATCH', '/ssf/streams', { stream_id: 'another' })).status).toBe(404);
    const changed = await call('PATCH', '/ssf/streams', { description: 'for the wiki' });
    expect(changed.body).toMatchObject({ description: 'for the wiki', events_delivered: [revoked] });
    expect((await call('DELETE', '/ssf/streams')).status).toBe(204);
    expect((await call('GET', '/ssf/streams')).body).toEqual([]);
  });

  it('knows a client by a token of its own, and not by one that was made for an API', async () => {
    const clients = new ClientService({
      prisma: world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' }),
      clock: new HostClock(),
      rules: { allowPrivateAddresses: true },
    });
    const made = await clients.create({
      client_name: 'Orders, by token',
      grant_types: ['client_credentials'],
      resource: orders,
    });
    const tokenOf = async (id: string, secret: string) =>
      (await world.post('/token', { grant_type: 'client_credentials', client_id: id, client_secret: secret }))
        .body.access_token as string;
    const basic = { id: made.client.id, secret: made.secret! } as TestClient;
    const answer = await fetch(`${world.issuer}/token`, {
      method: 'POST',
      headers: asHeader(basic),
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: own } = (await answer.json()) as { access_token: string };
    const asked = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${world.issuer}/ssf/streams`, { headers })).status;
    };
    expect(await asked(own)).toBe(200);
    expect(await asked(await tokenOf(world.clients.service.id, world.clients.service.secret))).toBe(401);
    const { body } = await call('GET', '/.well-known/ssf-configuration');
    expect(body.authorization_schemes).toContainEqual({ spec_urn: 'urn:ietf:rfc:6749' });
  });

  it('takes a token that is narrowed to reading, or to streams, for that alone', async () => {
    const made = await clientsOfWorld().create({
      client_name: 'Orders, by scope',
      grant_types: ['client_credentials'],
      resource: orders,
      resources: [orders],
    });
    const own = { id: made.client.id, secret: made.secret! } as TestClient;
    const granted = async (scope: string, client = own) =>
      (await world.post('/token', { grant_type: 'client_credentials', scope }, asHeader(client))).body;
    const asked = async (token: string, method: string, path: string, body?: object) => {
      const answer = await fetch(`${world.issuer}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      await answer.body?.cancel();
      return [answer.status, answer.headers.get('www-authenticate')];
    };
    const [reading, managing] = [await granted('ssf.read'), await granted('ssf.read ssf.manage')];
    expect([reading.scope, managing.scope]).toEqual(['ssf.read', 'ssf.read ssf.manage']);
    const refused = [403, 'Bearer realm="curfew", error="insufficient_scope", scope="ssf.manage"'];
    const subject = { subject: { format: 'email', email: 'nobody@example.test' } };
    const changes: [string, string, object?][] = [
      ['POST', '/ssf/streams', {}],
      ['PATCH', '/ssf/streams', { description: 'x' }],
      ['PUT', '/ssf/streams', { description: 'x' }],
      ['POST', '/ssf/status', { status: 'enabled' }],
      ['POST', '/ssf/subjects/add', subject],
      ['POST', '/ssf/subjects/remove', subject],
      ['POST', '/ssf/verification', { state: 'x' }],
      ['DELETE', '/ssf/streams'],
    ];
    for (const [method, path, body] of changes)
      expect([method, path, ...(await asked(reading.access_token, method, path, body))]).toEqual([
        method,
        path,
        ...refused,
      ]);
    expect((await asked(managing.access_token, 'POST', '/ssf/streams', {}))[0]).toBe(201);
    for (const { access_token: token } of [reading, managing]) {
      expect((await asked(token, 'GET', '/ssf/streams'))[0]).toBe(200);
      expect((await asked(token, 'GET', '/ssf/status'))[0]).toBe(200);
      expect((await asked(token, 'POST', '/ssf/poll', { returnImmediately: true }))[0]).toBe(200);
      expect((await asked(token, 'GET', '/session-feed'))[0]).toBe(403);
    }
    expect((await asked(managing.access_token, 'DELETE', '/ssf/streams'))[0]).toBe(204);
    // Nobody but the client of a resource server gets either, and a token for an API has neither.
    expect(await granted('ssf.manage', world.clients.service)).toMatchObject({ error: 'invalid_scope' });
  });

  it('gives no token in place of a narrow one that cannot be granted, which would be good for everything', async () => {
    const registered = await clientsOfWorld().create({
      client_name: 'Orders, without streams',
      grant_types: ['client_credentials'],
      resource: orders,
      scope: 'orders:read',
    });
    const { id } = registered.client;
    const granted = async (extra: Record<string, string>) => {
      const form = { grant_type: 'client_credentials', ...extra };
      return (await world.post('/token', form, asHeader({ id, secret: registered.secret! } as TestClient)))
        .body;
    };
    for (const scope of ['ssf.read', 'ssf.manage', 'openid ssf.read', 'ssf:read'])
      expect([scope, (await granted({ scope })).error]).toEqual([scope, 'invalid_scope']);
    expect((await granted({})).access_token).toBeDefined();
    expect((await granted({ scope: 'openid' })).scope).toBe('openid');
  });

  it.each([
    ['a method nobody offers', { delivery: { method: 'urn:x' } }],
    ['an address with a fragment', { delivery: { method: push, endpoint_url: 'https://x.example/#y' } }],
    ['only unknown events', { events_requested: ['urn:unknown'] }],
    ['a list', []],
  ])('refuses %s', async (_, wish) => {
    expect((await call('POST', '/ssf/streams', wish)).status).toBe(400);
  });
});

describe('push delivery', () => {
  const stream = (extra: object = {}) =>
    call('POST', '/ssf/streams', {
      delivery: {
        method: push,
        endpoint_url: receiver.url,
        authorization_header: 'Bearer of-the-receiver',
        ...extra,
      },
      events_requested: [revoked],
    });
  const pushedOf = (sid: string) =>
    until(() => receiver.received.find(({ body }) => JSON.stringify(decodeJwt(body)).includes(sid)));

  it('tells of an end with one security event token, by its own rules', async () => {
    await stream();
    const sid = await endOfASession();
    const { body, headers } = await pushedOf(sid);
    expect(headers).toMatchObject({
      'content-type': 'application/secevent+jwt',
      authorization: 'Bearer of-the-receiver',
    });
    expect(decodeProtectedHeader(body)).toMatchObject({ typ: 'secevent+jwt', alg: 'RS256' });
    const payload = await verified(body);
    expect(Object.keys(payload).sort()).toEqual(['aud', 'events', 'iat', 'iss', 'jti', 'sub_id', 'txn']);
    expect(payload['sub_id']).toMatchObject({ format: 'complex', session: { format: 'opaque', id: sid } });
    expect(payload['events']).toEqual({
      [revoked]: {
        event_timestamp: expect.any(Number),
        initiating_entity: 'user',
        reason_admin: { en: 'The client revoked its refresh token (RFC 7009).' },
      },
    });
  });

  it('takes nothing but 202 for an acknowledgement, and repeats the token with the same id', async () => {
    await stream();
    receiver.behave(200);
    const sid = await endOfASession();
    await until(() => (receiver.received.length >= 2 ? true : undefined));
    receiver.behave(202);
    await until(async () =>
      (await world.database.query('SELECT 1 FROM delivery')).length === 0 ? true : undefined,
    );
    const ids = receiver.received.map(({ body }) => decodeJwt(body).jti);
    expect(new Set(ids).size).toBe(1);
    expect(receiver.received.every(({ body }) => JSON.stringify(decodeJwt(body)).includes(sid))).toBe(true);
  });

  it('verifies a stream with the state it was given', async () => {
    await stream();
    expect((await call('POST', '/ssf/verification', { state: 'echo-me' })).status).toBe(204);
    const [first] = await until(() => (receiver.received.length > 0 ? receiver.received : undefined));
    expect((await verified(first!.body))['events']).toEqual({ [verification]: { state: 'echo-me' } });
  });

  it('keeps what happens while it is paused, and sends nothing', async () => {
    const { body } = await stream();
    const status = { stream_id: body.stream_id, status: 'paused', reason: 'maintenance' };
    expect((await call('POST', '/ssf/status', status)).body).toEqual(status);
    const sid = await endOfASession();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(receiver.received).toEqual([]);
    await call('POST', '/ssf/status', { status: 'enabled' });
    await pushedOf(sid);
  });
});

describe('subjects of a stream', () => {
  const about = async (path: 'add' | 'remove', subject: unknown) =>
    (await call('POST', `/ssf/subjects/${path}`, { subject })).status;

  it('are all of them, except those the receiver wants to hear nothing of', async () => {
    const { body } = await call('POST', '/ssf/streams', {
      delivery: { method: poll },
      events_requested: [revoked],
    });
    const { body: metadata } = await call('GET', '/.well-known/ssf-configuration');
    expect(metadata).toMatchObject({
      default_subjects: 'ALL',
      add_subject_endpoint: `${world.issuer}/ssf/subjects/add`,
      remove_subject_endpoint: `${world.issuer}/ssf/subjects/remove`,
    });
    const [row] = await world.database.query<{ id: string }>(
      `SELECT account_id::text AS id FROM event WHERE type = 'session.ended' ORDER BY id DESC LIMIT 1`,
    );
    const account = { format: 'iss_sub', iss: world.issuer, sub: row!.id };
    expect(await about('remove', account)).toBe(204);
    await endOfASession();
    // The subject changes nothing else of the stream, and outlives a change of it.
    await call('PATCH', '/ssf/streams', { stream_id: body.stream_id, description: 'without one' });
    await until(async () =>
      (await world.database.query('SELECT 1 FROM delivery')).length > 0 ? true : undefined,
    );
    expect((await pollOnce()).sets).toEqual({});
    expect(await world.database.query('SELECT 1 FROM delivery')).toEqual([]);
    expect(await about('add', { format: 'complex', user: account })).toBe(200);
    const sid = await endOfASession();
    const { sets } = await untilPolled(1);
    expect(JSON.stringify(Object.values(sets).map((token) => decodeJwt(token)))).toContain(sid);
    await pollOnce({ ack: Object.keys(sets) });
  });

  describe('that a receiver names', () => {
    const known = async () => {
      const { username } = world.data.accounts[0]!;
      const [row] = await world.database.query<{ id: string; session: string }>(
        'SELECT a.id::text AS id, s.id::text AS session FROM account a JOIN session s ON s.account_id = a.id WHERE username = $1',
        [username],
      );
      return { username, ...row! };
    };
    const excluded = async () =>
      (
        await world.database.query<{ excluded: string[] }>(
          `SELECT settings -> 'excluded' AS excluded FROM delivery_receiver WHERE kind = 'set_poll'`,
        )
      )[0]!.excluded;
    beforeEach(async () => {
      await endOfASession();
      await call('POST', '/ssf/streams', { delivery: { method: poll }, events_requested: [revoked] });
    });

    it('are found by the address that is the username, in any spelling of it', async () => {
      const { username, id } = await known();
      const wide = username.replace('e', '\uff45');
      for (const email of [username, username.toUpperCase(), `  ${username} `, wide]) {
        for (const subject of [
          { format: 'email', email },
          { format: 'complex', user: { format: 'email', email } },
        ]) {
          expect([subject, await about('remove', subject), await excluded()]).toEqual([
            subject,
            204,
            [`account:${id}`],
          ]);
          expect([subject, await about('add', subject), await excluded()]).toEqual([subject, 200, []]);
        }
      }
    });

    it('may be disabled, and may be told of again after they were deleted', async () => {
      const email = 'leaver@example.test';
      const id = randomUUID();
      await world.database.query(
        `INSERT INTO account (id, username, password_hash, password_changed_at, disabled_at, created_at, updated_at)
         VALUES ($1, $2, '', now(), now(), now(), now())`,
        [id, email],
      );
      expect(await about('remove', { format: 'email', email })).toBe(204);
      await world.database.query('DELETE FROM account WHERE id = $1', [id]);
      expect(await about('remove', { format: 'email', email })).toBe(404);
      expect(await excluded()).toEqual([`account:${id}`]);
      const deleted = { format: 'iss_sub', iss: world.issuer, sub: id };
      expect([await about('add', deleted), await excluded()]).toEqual([200, []]);
      expect([await about('add', deleted), await about('remove', deleted)]).toEqual([404, 404]);
    });

    it('are answered 404 where there is no such account or session, and nothing changes', async () => {
      const { id, session } = await known();
      const account = { format: 'iss_sub', iss: world.issuer, sub: id };
      expect(await about('remove', { format: 'opaque', id: session })).toBe(204);
      const unknown = [
        { format: 'email', email: 'nobody@example.test' },
        { ...account, sub: randomUUID() },
        { ...account, sub: 'user1' },
        { ...account, sub: session },
        { ...account, iss: 'https://other.example' },
        { format: 'opaque', id: randomUUID() },
        { format: 'opaque', id },
        { format: 'opaque', id: 'no session' },
        { format: 'complex', user: { format: 'opaque', id: session } },
        { format: 'complex', session: account },
        { format: 'complex', tenant: { format: 'opaque', id: 'all' } },
        { format: 'phone_number', phone_number: '+12065550123' },
        { format: 'did', url: 'did:example:123456' },
        { format: 'account', uri: 'acct:user1@example.test' },
        { format: 'aliases', identifiers: [account, { format: 'email', email: 'user1@example.test' }] },
        { format: 'uri', uri: 'https://example.test/user1' },
      ];
      for (const subject of unknown)
        for (const path of ['add', 'remove'] as const)
          expect([subject, path, await about(path, subject)]).toEqual([subject, path, 404]);
      expect(await excluded()).toEqual([`session:${session}`]);
    });

    it.each([
      [undefined],
      ['everybody'],
      [null],
      [[]],
      [{}],
      [{ format: '' }],
      [{ format: 'email' }],
      [{ format: 'email', email: 7 }],
      [{ format: 'email', email: 'user1' }],
      [{ format: 'email', email: 'a\u0000@example.test' }],
      [{ format: 'iss_sub', sub: 'x' }],
      [{ format: 'opaque', id: '' }],
      [{ format: 'complex', user: null }],
      [{ format: 'complex', user: { format: 'complex', user: {} } }],
    ])('are refused where their identifier is not well formed: %j', async (subject) => {
      expect([await about('add', subject), await about('remove', subject)]).toEqual([400, 400]);
      expect(await excluded()).toEqual([]);
    });

    it('are set for the stream of the client that asks, and for no other', async () => {
      const { username } = await known();
      const subject = { format: 'email', email: username };
      const { id: owner } = world.clients.api;
      const asked = (body: object, client?: TestClient) => call('POST', '/ssf/subjects/remove', body, client);
      const foreign = await asked({ stream_id: `stream:${owner}`, subject }, world.clients.billingApi);
      expect([foreign.status, foreign.body.code]).toEqual([404, 'unknown_stream']);
      expect((await asked({ stream_id: 'stream:other', subject })).status).toBe(404);
      expect((await asked({ subject }, { ...world.clients.api, secret: 'wrong' })).status).toBe(401);
      expect((await asked({ subject }, world.clients.web)).status).toBe(403);
      expect(await excluded()).toEqual([]);
      expect((await asked({ stream_id: `stream:${owner}`, subject })).status).toBe(204);
    });
  });
});

describe('a stream of the client of an API', () => {
  it('is told of sessions that had its audience, and of no others', async () => {
    await call('POST', '/ssf/streams', { delivery: { method: poll }, events_requested: [revoked] });
    const foreign = await endOfASession(null);
    const own = await endOfASession();
    const { sets } = await untilPolled(1);
    const told = JSON.stringify(Object.values(sets).map((token) => decodeJwt(token)));
    expect([told.includes(own), told.includes(foreign)]).toEqual([true, false]);
    await pollOnce({ ack: Object.keys(sets) });
  });
});

describe('poll delivery', () => {
  const stream = () =>
    call('POST', '/ssf/streams', { delivery: { method: poll }, events_requested: [revoked] });

  it('gives what waits again and again until it is acknowledged', async () => {
    expect((await stream()).body.delivery).toEqual({
      method: poll,
      endpoint_url: `${world.issuer}/ssf/poll`,
    });
    const sids = [await endOfASession(), await endOfASession()];
    const { sets } = await untilPolled(2);
    expect((await pollOnce()).sets).toMatchObject(
      Object.fromEntries(Object.keys(sets).map((jti) => [jti, expect.any(String)])),
    );
    const told = await Promise.all(Object.values(sets).map(verified));
    expect(
      told.map((payload) => (payload['sub_id'] as unknown as { session: { id: string } }).session.id),
    ).toEqual(sids);
    const [first, second] = Object.keys(sets);
    const left = await pollOnce({ ack: [first] });
    expect(Object.keys(left.sets)).toEqual([second]);
    const refused = await pollOnce({ setErrs: { [second!]: { err: 'invalid_key', description: 'no' } } });
    expect(refused).toEqual({ sets: {}, moreAvailable: false });
    expect(await world.database.query('SELECT last_cause FROM delivery')).toEqual([
      { last_cause: 'refused: invalid_key' },
    ]);
  });

  it('says whether there is more than was asked for, and takes acknowledgements without a question', async () => {
    await stream();
    for (let n = 0; n < 3; n += 1) await endOfASession();
    const { sets } = await untilPolled(3);
    const some = await pollOnce({ maxEvents: 2 });
    expect([Object.keys(some.sets).length, some.moreAvailable]).toEqual([2, true]);
    expect(await pollOnce({ maxEvents: 0, ack: Object.keys(sets) })).toEqual({
      sets: {},
      moreAvailable: false,
    });
    expect(await pollOnce()).toEqual({ sets: {}, moreAvailable: false });
  });

  it('waits for something to happen where it may', async () => {
    await stream();
    const question = call('POST', '/ssf/poll', {});
    const sid = await endOfASession();
    const { body } = await question;
    expect(JSON.stringify(decodeJwt(Object.values<string>(body.sets)[0]!))).toContain(sid);
  });

  it('verifies a stream, with a token that stays until it is acknowledged', async () => {
    await stream();
    await call('POST', '/ssf/verification', { state: 'abc' });
    const { sets } = await pollOnce();
    const [jti, token] = Object.entries(sets)[0]!;
    expect((await verified(token))['events']).toEqual({ [verification]: { state: 'abc' } });
    expect((await pollOnce()).sets).toEqual(sets);
    expect((await pollOnce({ ack: [jti] })).sets).toEqual({});
    expect((await pollOnce()).sets).toEqual({});
  });

  it.each([{ maxEvents: -1 }, { ack: 'all' }, { returnImmediately: 'yes' }])(
    'refuses %j',
    async (question) => {
      await stream();
      expect((await call('POST', '/ssf/poll', question)).status).toBe(400);
    },
  );
});
