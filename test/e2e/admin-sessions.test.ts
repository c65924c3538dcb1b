import { randomUUID } from 'node:crypto';
import { assertInvariants } from '../support/database.js';
import { Person } from '../support/person.js';
import { AdminWorld, deviceGrant, orders, type SignedIn } from './admin-world.js';

let world: AdminWorld;

beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

const end = (selection: object, more: object = {}) => world.post('/v1/sessions/end', { selection, ...more });

describe('sessions over the admin API', () => {
  it('are shown by the sid that introspection answers with, with both clocks', async () => {
    const { sid } = await world.signIn();
    const { status, body } = await world.get(`/v1/sessions/${sid}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: sid, state: 'live', client_id: world.data.clients.device.client_id });
    expect(body.idle_expires_in).toBeGreaterThan(0);
    expect(body.idle_expires_in - body.idle_warning_in).toBe(120);
    expect(body.absolute_expires_in).toBeGreaterThan(body.idle_expires_in);
    expect(body.policy).toMatchObject({ inactivityTimeout: '30m' });
    expect(body.timeline[0]).toMatchObject({ type: 'session.started' });
  });

  it('are ended durably before the answer, which says how the end got out', async () => {
    const { sid, access_token, refresh_token } = await world.signIn();
    const { status, body } = await world.call('DELETE', `/v1/sessions/${sid}?note=left%20the%20company`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: sid, ended: true, end_reason: 'ended_by_administrator' });
    expect(body.propagation).toMatchObject({ durable: true, announced: true });
    expect(await world.introspect(access_token)).toEqual({ active: false });
    expect(await world.refresh(refresh_token)).toMatchObject({ error: 'invalid_grant' });
    const { body: after } = await world.get(`/v1/sessions/${sid}`);
    expect(after.end).toMatchObject({
      note: 'left the company',
      by: { kind: 'administrator', ip: '127.0.0.1' },
    });
    const told = after.timeline.map(({ type }: { type: string }) => type);
    expect(told.indexOf('session.started')).toBeLessThan(told.indexOf('session.ended'));
    const again = await world.call('DELETE', `/v1/sessions/${sid}`);
    expect(again.body).toMatchObject({
      ended: false,
      propagation: null,
      end_reason: 'ended_by_administrator',
    });
  });

  const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange';
  /** A client that acts at the orders API for the people who call it, also through another client. */
  const actor = async (): Promise<{ client_id: string; client_secret: string }> => {
    const { status, body } = await world.post('/v1/clients', {
      client_name: 'Helper',
      grant_types: [exchangeGrant],
      resource: orders,
      token_exchange: [{ resource: orders, scope: 'orders:read', max_lifetime: 60, max_depth: 2 }],
    });
    expect(status).toBe(201);
    return body;
  };
  const subjectToken = async () => {
    const { client_id } = world.data.clients.device;
    const scope = 'openid offline_access orders:read';
    const tokens = await world.signInRaw(world.person(), { client_id, resource: orders, scope });
    return tokens['access_token']!;
  };
  const exchange = (by: Awaited<ReturnType<typeof actor>>, subject_token: string) => {
    const subject_token_type = 'urn:ietf:params:oauth:token-type:access_token';
    const form = { grant_type: exchangeGrant, subject_token, subject_token_type, resource: orders };
    return world.form('/token', form, {
      authorization: `Basic ${btoa(`${by.client_id}:${by.client_secret}`)}`,
    });
  };

  it('list what was delegated to whom, however often, beside their whole history, and end it with them', async () => {
    const [seldom, often] = [await actor(), await actor()];
    const subject = await subjectToken();
    const { sid } = await world.introspect(subject);
    await exchange(seldom, subject);
    const [first, second] = [await exchange(often, subject), await exchange(often, subject)];
    const answer = await world.introspect(second['access_token']!);
    expect(answer).toMatchObject({ active: true, sid });
    // As if it had been exchanged a thousand times more.
    await world.database.query(
      `INSERT INTO event (id, at, type, session_id, account_id, client_id, data)
       SELECT overlay(id::text placing lpad(to_hex(n), 12, '0') from 25)::uuid, at, type, session_id, account_id, client_id, data
       FROM (SELECT * FROM event WHERE session_id = $1 AND client_id = $2 ORDER BY id LIMIT 1) e, generate_series(1, 1000) n`,
      [sid, often.client_id],
    );
    const { body } = await world.get(`/v1/sessions/${sid}`);
    const at = { resource: orders, scope: 'orders:read' };
    const expires_at = new Date(answer.exp * 1000).toISOString();
    expect(body.delegations).toEqual([
      expect.objectContaining({ actors: [seldom.client_id], ...at, tokens: 1 }),
      expect.objectContaining({ actors: [often.client_id], ...at, tokens: 1_002, expires_at }),
    ]);
    expect(body.delegations[1].first_at < body.delegations[1].last_at).toBe(true);
    expect(body.timeline[0]).toMatchObject({ type: 'session.started' });
    expect(body.timeline_truncated).toBe(false);
    // The token of an operator's session is none once it was exchanged.
    expect((await world.get('/v1/sessions', { token: first['access_token']! })).status).toBe(401);
    await world.call('DELETE', `/v1/sessions/${sid}`);
    expect(await world.introspect(second['access_token']!)).toEqual({ active: false });
  });

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['everything of that client is ended', (client) => end({ client })],
    [
      'that client is disabled, and enabled again',
      async (id) => {
        expect((await world.post(`/v1/clients/${id}/disable`, {})).status).toBe(200);
        expect((await world.post(`/v1/clients/${id}/enable`, {})).status).toBe(204);
      },
    ],
    ['that client is deleted', (id) => world.call('DELETE', `/v1/clients/${id}`)],
  ])('go on without what a client exchanged, and what came of that, once %s', async (_, act) => {
    const [before, last] = [await actor(), await actor()];
    const subject = await subjectToken();
    const first = (await exchange(before, subject))['access_token']!;
    const second = (await exchange(last, first))['access_token']!;
    for (const token of [subject, first, second])
      expect(await world.introspect(token)).toMatchObject({ active: true });
    await act(before.client_id);
    for (const token of [first, second]) expect(await world.introspect(token)).toEqual({ active: false });
    expect(await exchange(last, first)).toMatchObject({ error: 'invalid_request' });
    expect(await world.introspect(subject)).toMatchObject({ active: true });
    const again = (await exchange(last, subject))['access_token']!;
    expect(await world.introspect(again)).toMatchObject({ active: true });
  });

  it('sum refreshes up in their history', async () => {
    const { sid, refresh_token } = await world.signIn();
    const { refresh_token: second } = await world.refresh(refresh_token);
    await world.refresh(second!);
    const { body } = await world.get(`/v1/sessions/${sid}`);
    expect(body.refreshes).toBe(2);
    expect(body.timeline).toContainEqual(expect.objectContaining({ type: 'sessions.refreshed', count: 2 }));
  });

  it('are found by account, client, address, user agent, state and time, and nothing else is', async () => {
    const { sid } = await world.signIn();
    const { body: one } = await world.get(`/v1/sessions/${sid}`);
    const found = async (query: string) =>
      (await world.get(`/v1/sessions?${query}`)).body.items.map(({ id }: { id: string }) => id);
    const hits = [
      `account=${one.account_id}`,
      `client=${one.client_id}`,
      'ip=127.0.0.1',
      'ip=127.0.0.0/8',
      'state=live',
      `started_after=${encodeURIComponent(one.started_at)}`,
      `account=${one.account_id}&client=${one.client_id}&state=live&ip=127.0.0.1&active_after=${encodeURIComponent(one.signed_in_at)}`,
    ];
    for (const query of hits) expect([query, (await found(query)).includes(sid)]).toEqual([query, true]);
    const misses = [
      `account=${randomUUID()}`,
      'client=nobody',
      'ip=192.0.2.0/24',
      'state=ended',
      'user_agent=netscape',
      'reason=logout',
      `started_before=${encodeURIComponent(one.started_at)}`,
      `ended_after=${encodeURIComponent(one.started_at)}&client=nobody`,
    ];
    for (const query of misses) expect([query, (await found(query)).includes(sid)]).toEqual([query, false]);
    expect((await world.get('/v1/sessions?policy=nothing-like-it')).body.code).toBe('unknown_policy');
  });

  it('are listed page by page with cursors that cannot be made up or used for another question', async () => {
    for (let number = 0; number < 3; number++) await world.signIn();
    const seen: string[] = [];
    let path = '/v1/sessions?limit=2';
    for (let page = 0; page < 20; page++) {
      const { body } = await world.get(path);
      seen.push(...body.items.map(({ id }: { id: string }) => id));
      if (body.next_cursor === null) break;
      path = `/v1/sessions?limit=2&cursor=${body.next_cursor}`;
    }
    const rows = await world.database.query<{ id: string }>(
      'SELECT id FROM session ORDER BY started_at DESC, id DESC',
    );
    expect(seen).toEqual(rows.map(({ id }) => id));
    const { body } = await world.get('/v1/sessions?limit=1');
    const bytes = Buffer.from(body.next_cursor, 'base64url');
    bytes[20]! ^= 1;
    const forged = [
      bytes.toString('base64url'),
      'AAAA',
      `${body.next_cursor}A`,
      Buffer.from('[1,"x"]').toString('base64url'),
    ];
    for (const cursor of forged)
      expect((await world.get(`/v1/sessions?limit=1&cursor=${cursor}`)).body.code).toBe('invalid_cursor');
    expect((await world.get(`/v1/sessions?state=live&cursor=${body.next_cursor}`)).body.code).toBe(
      'invalid_cursor',
    );
    expect((await world.get(`/v1/clients?cursor=${body.next_cursor}`)).body.code).toBe('invalid_cursor');
  });

  it('are counted before they are ended, by whatever they are chosen', async () => {
    const [first, second] = [await world.signIn(), await world.signIn()];
    const account = (await world.get(`/v1/sessions/${first.sid}`)).body.account_id;
    for (const selection of [
      { ids: [first.sid, second.sid] },
      { account },
      { search: { account, state: 'live' } },
    ]) {
      const { body } = await end(selection, { dry_run: true });
      expect(body).toMatchObject({ dry_run: true, recorded: 0, propagation: null });
      expect(body.matched).toBeGreaterThanOrEqual(2);
      expect(body.by_client[0].count).toBe(body.matched);
    }
    expect(await world.introspect(first.access_token)).toMatchObject({ active: true });
    const { body } = await end({ ids: [first.sid, second.sid, randomUUID()] }, { note: 'both' });
    expect(body).toMatchObject({ matched: 2, recorded: 2, complete: true });
    expect(await world.introspect(first.access_token)).toEqual({ active: false });
    expect(await world.introspect(second.access_token)).toEqual({ active: false });
  });

  it('that meet a search are ended, and no others', async () => {
    const mine = await world.signIn();
    const other = await world.signIn(world.person(1));
    const account = (await world.get(`/v1/sessions/${mine.sid}`)).body.account_id;
    const { body } = await end({ search: { account, ip: '127.0.0.1' } });
    expect(body).toMatchObject({ complete: true });
    expect(body.recorded).toBeGreaterThanOrEqual(1);
    expect(await world.introspect(mine.access_token)).toEqual({ active: false });
    expect(await world.introspect(other.access_token)).toMatchObject({ active: true });
  });

  it('of an account, of a client and of everyone end in one commit, which takes what comes from before along', async () => {
    for (const kind of ['account', 'client', 'everyone'] as const) {
      const { sid, access_token, refresh_token } = await world.signIn();
      const { body: one } = await world.get(`/v1/sessions/${sid}`);
      const target = { account: one.account_id, client: one.client_id, everyone: true }[kind];
      const { status, body } = await end({ [kind]: target }, { note: kind });
      expect(status).toBe(200);
      expect(body.propagation).toMatchObject({ durable: true, announced: true });
      expect(Date.parse(body.not_before)).toBeGreaterThan(Date.parse(one.started_at));
      await world.token(undefined, true);
      expect(await world.introspect(access_token)).toEqual({ active: false });
      expect(await world.refresh(refresh_token)).toMatchObject({ error: 'invalid_grant' });
      expect((await world.get(`/v1/sessions/${sid}`)).body).toMatchObject({
        state: 'ended',
        end_reason: 'ended_by_administrator',
      });
      const { access_token: young } = await world.signIn();
      expect(await world.introspect(young)).toMatchObject({ active: true });
    }
    const live = (await world.get('/v1/sessions?state=live')).body.items;
    expect(live).toHaveLength(1);
  });

  it('of an account or a client that is not there are refused, and nothing is kept of it', async () => {
    expect((await end({ account: randomUUID() })).body).toMatchObject({
      status: 404,
      code: 'unknown_account',
    });
    expect((await end({ client: 'nobody' })).body).toMatchObject({ status: 404, code: 'unknown_client' });
    expect(await world.database.query('SELECT 1 FROM not_before WHERE target = $1', ['nobody'])).toEqual([]);
  });

  it.each([
    ['iss_sub', (id: string) => ({ format: 'iss_sub', iss: world.data.issuer, sub: id })],
    ['email', () => ({ format: 'email', email: 'Told@Elsewhere.example' })],
    ['opaque', (id: string) => ({ format: 'opaque', id })],
  ])(
    'of a person end by Global Token Revocation, named by %s, and so does the browser',
    async (_, sub_id) => {
      const person = world.person();
      const { sid, access_token, refresh_token } = await world.signIn(person);
      const { account_id: id } = (await world.get(`/v1/sessions/${sid}`)).body;
      const profile = { email: 'told@elsewhere.example', email_verified: true };
      expect((await world.call('PATCH', `/v1/accounts/${id}`, { body: profile })).status).toBe(200);
      const { status, text } = await world.post('/v1/global-token-revocation', { sub_id: sub_id(id) });
      expect([status, text]).toEqual([204, '']);
      expect(await world.introspect(access_token)).toEqual({ active: false });
      expect(await world.refresh(refresh_token)).toMatchObject({ error: 'invalid_grant' });
      const browsers = await world.get(`/v1/browsers?account=${id}`);
      expect(browsers.body.items.map(({ state }: { state: string }) => state)).not.toContain('live');
      expect(browsers.body.items.length).toBeGreaterThan(0);
    },
  );

  it.each([
    ['another issuer', 404, (id: string) => ({ format: 'iss_sub', iss: 'https://other.example', sub: id })],
    ['a person who is unknown', 404, () => ({ format: 'opaque', id: randomUUID() })],
    ['a subject that is no id', 404, () => ({ format: 'opaque', id: "' OR 1=1 --" })],
    ['an address that nobody has shown', 404, () => ({ format: 'email', email: 'nobody@elsewhere.example' })],
    ['an unknown format', 400, (id: string) => ({ format: 'uid', id })],
    ['no format', 400, (id: string) => ({ id })],
    ['a member too many', 400, (id: string) => ({ format: 'opaque', id, iss: world.data.issuer })],
    ['a list', 400, (id: string) => [{ format: 'opaque', id }]],
  ])('go on after a Global Token Revocation of %s, which is %i', async (_, expected, sub_id) => {
    const { sid, access_token } = await world.signIn();
    const { account_id: id } = (await world.get(`/v1/sessions/${sid}`)).body;
    const { status } = await world.post('/v1/global-token-revocation', { sub_id: sub_id(id) });
    expect(status).toBe(expected);
    expect(await world.introspect(access_token)).toMatchObject({ active: true });
  });

  it('can be revoked where the metadata of the authorization server says', async () => {
    const metadata = await (
      await fetch(`${world.data.issuer}/.well-known/oauth-authorization-server`)
    ).json();
    expect(metadata.global_token_revocation_endpoint).toBe(`${world.adminUrl}/v1/global-token-revocation`);
  });

  it('of everyone take the operators own tokens along', async () => {
    const token = await world.token(undefined, true);
    await end({ everyone: true });
    expect((await world.get('/v1/sessions', { token })).status).toBe(401);
    await world.token(undefined, true);
  });

  it('are not ended for a reason that only the service can find', async () => {
    const { body } = await end({ ids: [randomUUID()] }, { reason: 'refresh_token_reuse' });
    expect([body.status, body.faults[0].at]).toEqual([400, 'body/reason']);
  });

  it('leave the trace of who ended them, what and why', async () => {
    const { sid } = await world.signIn();
    await world.call('DELETE', `/v1/sessions/${sid}?note=trace`);
    const { body } = await world.get(`/v1/events?type=admin.acted&session=${sid}`);
    expect(body.items).toHaveLength(1);
    expect(body.items[0].data).toMatchObject({
      operation: 'endSession',
      target: sid,
      outcome: 'done',
      note: 'trace',
      by: { kind: 'administrator', id: world.data.clients.admin.client_id },
    });
  });
});

describe('the names in a session', () => {
  const shown = async (sid: string) => (await world.get(`/v1/sessions/${sid}`)).body;
  const listed = async (accountId: string, sid: string) =>
    (await world.get(`/v1/sessions?account=${accountId}`)).body.items.find(
      ({ id }: { id: string }) => id === sid,
    );

  it.each<[string, object | null, string | null, (person: Person, session: SignedIn) => Promise<unknown>]>([
    ['nobody yet', null, null, async () => {}],
    ['a reused refresh token', null, 'stale_lineage', (_, session) => world.reuse(session)],
    ['the person', { kind: 'user' }, null, (person, session) => world.endOwn(person, session)],
    [
      'an operator',
      { kind: 'administrator', ip: '127.0.0.1' },
      null,
      (_, { sid }) => world.call('DELETE', `/v1/sessions/${sid}`),
    ],
  ])(
    'say whose it is and what ended it, in the list, the session and its timeline: %s',
    async (_, expected, cause, act) => {
      const person = world.person();
      const { username } = world.data.accounts[0]!;
      const session = await world.signIn(person);
      await act(person, session);
      const one = await shown(session.sid);
      const id = one.account_id;
      const by = expected && {
        ip: null,
        ...('ip' in expected ? { id: world.data.clients.admin.client_id, username: null } : { id, username }),
        ...expected,
      };
      const names = { username, account_id: id, ended_by: by, end_cause: cause };
      expect([one, await listed(id, session.sid)]).toEqual([
        expect.objectContaining(names),
        expect.objectContaining(names),
      ]);
      const entries = one.timeline as { type: string; by: unknown; cause: unknown }[];
      const found = (type: string) => entries.filter((entry) => entry.type === type);
      const ends = one.state === 'ended' ? [expect.objectContaining({ by, cause })] : [];
      expect(found('session.ended')).toEqual(ends);
      const reuses = cause === null ? [] : [expect.objectContaining({ by: null, cause })];
      expect(found('session.reuse_found')).toEqual(reuses);
    },
  );

  it('are gone with the account, and its id stays', async () => {
    const wanted = { username: `${randomUUID()}@example.test`, must_change_password: false };
    const { id, username, password } = (await world.post('/v1/accounts', wanted)).body;
    const person = new Person(username, password);
    const session = await world.signIn(person);
    await world.endOwn(person, session);
    const by = { kind: 'user', id, ip: null };
    expect(await shown(session.sid)).toMatchObject({ username, ended_by: { ...by, username } });
    expect((await world.call('DELETE', `/v1/accounts/${id}`)).status).toBeLessThan(300);
    const gone = { account_id: id, username: null, ended_by: { ...by, username: null } };
    expect([await shown(session.sid), await listed(id, session.sid)]).toMatchObject([gone, gone]);
  });
});

it('clients are found by their ids, those that there are, and no more than a hundred at once', async () => {
  const ids = [world.data.clients.web.client_id, world.data.clients.admin.client_id].toSorted();
  const { body } = await world.get(`/v1/clients?id=${ids[1]}&id=nobody&id=${ids[0]}`);
  expect(body.items.map(({ client_id }: { client_id: string }) => client_id)).toEqual(ids);
  const one = await world.get(`/v1/clients?id=${ids[0]}&id=${ids[1]}&limit=1`);
  const next = encodeURIComponent(one.body.next_cursor);
  expect(
    (await world.get(`/v1/clients?id=${ids[0]}&id=${ids[1]}&limit=1&cursor=${next}`)).body.items,
  ).toHaveLength(1);
  // The page after belongs to the same question.
  expect((await world.get(`/v1/clients?id=${ids[0]}&cursor=${next}`)).body.code).toBe('invalid_cursor');
  const many = Array.from({ length: 101 }, (_, n) => `id=many-${n}`).join('&');
  for (const query of [many, 'id=', 'id=a%20b'])
    expect((await world.get(`/v1/clients?${query}`)).body.faults[0].at).toBe('query/id');
});

describe('repeats with an Idempotency-Key', () => {
  it('get the first answer, whatever has happened since, and do nothing again', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const wanted = { client_name: 'Once', grant_types: ['client_credentials'] };
    const first = await world.post('/v1/clients', wanted, { headers });
    const second = await world.post('/v1/clients', wanted, { headers });
    expect(first.status).toBe(201);
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    const { body } = await world.get('/v1/clients?search=Once');
    expect(body.items).toHaveLength(1);
  });

  it('keep the secret in the answer out of the database', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const { body } = await world.post(
      '/v1/clients',
      { client_name: 'Sealed', grant_types: ['client_credentials'] },
      { headers },
    );
    const rows = await world.database.query<{ all: string }>(
      'SELECT idempotency_key::text AS all FROM idempotency_key',
    );
    const hex = Buffer.from(body.client_secret).toString('hex');
    for (const { all } of rows) expect(all.includes(body.client_secret) || all.includes(hex)).toBe(false);
  });

  it('are carried out once, of any number at once', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const wanted = { username: `${randomUUID()}@example.test` };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => world.post('/v1/accounts', wanted, { headers })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(statuses.includes(409) ? new Set([201, 409]) : new Set([201]));
    expect(new Set(answers.filter(({ status }) => status === 201).map(({ text }) => text)).size).toBe(1);
    for (const { status, body, headers: answered } of answers)
      if (status === 409)
        expect([body.code, answered.get('retry-after')]).toEqual(['request_under_way', '1']);
  });

  it('are refused for another request, and belong to one caller', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    await world.post('/v1/clients', { client_name: 'One', grant_types: ['client_credentials'] }, { headers });
    const other = await world.post(
      '/v1/clients',
      { client_name: 'Two', grant_types: ['client_credentials'] },
      { headers },
    );
    expect([other.status, other.body.code]).toEqual([422, 'idempotency_key_reused']);
    const made = await world.post('/v1/clients', {
      client_name: 'Second operator',
      grant_types: ['client_credentials'],
      resources: [world.adminUrl],
      scope: 'clients:write',
    });
    const token = await world.clientToken(made.body, 'clients:write');
    const own = await world.post(
      '/v1/clients',
      { client_name: 'One', grant_types: ['client_credentials'] },
      { headers, token },
    );
    expect([own.status, own.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  it('may try again after a failure', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const failed = await world.post('/v1/accounts', { username: 'x y' }, { headers });
    expect(failed.status).toBe(400);
    const again = await world.post('/v1/accounts', { username: `${randomUUID()}@example.test` }, { headers });
    expect(again.status).toBe(201);
  });
});

it('APIs are found by their audiences, those that there are, and no more than a hundred at once', async () => {
  const [one, other] = [0, 1].map((n) => `https://${n}-${randomUUID()}.example.test`);
  for (const audience of [one, other])
    await world.post('/v1/resources', { audience, name: 'Found', scopes: [] });
  const asked = (...audiences: (string | undefined)[]) =>
    audiences.map((audience) => `audience=${encodeURIComponent(audience!)}`).join('&');
  const { body } = await world.get(`/v1/resources?${asked(other, 'https://nobody.example.test', one)}`);
  expect(body.items.map(({ audience }: { audience: string }) => audience)).toEqual([one, other]);
  const page = await world.get(`/v1/resources?${asked(one, other)}&limit=1`);
  const next = encodeURIComponent(page.body.next_cursor);
  const after = await world.get(`/v1/resources?${asked(one, other)}&limit=1&cursor=${next}`);
  expect(after.body).toMatchObject({ items: [{ audience: other, name: 'Found' }], next_cursor: null });
  // The page after belongs to the same question.
  const elsewhere = await world.get(`/v1/resources?${asked(one)}&cursor=${next}`);
  expect(elsewhere.body.code).toBe('invalid_cursor');
  const many = asked(...Array.from({ length: 101 }, (_, n) => `https://${n}.example.test`));
  for (const query of [many, 'audience=', 'audience=a%20b'])
    expect((await world.get(`/v1/resources?${query}`)).body.faults[0].at).toBe('query/audience');
});

it('a client whose id is an address is named in a path in base64url as well, and no other id is read so', async () => {
  const id = `https://agents.example.test/${randomUUID()}.json`;
  await world.database.query(
    `INSERT INTO client SELECT (jsonb_populate_record(c, jsonb_build_object('id', $1::text, 'name', 'Introduced', 'document_fresh_until', now() + interval '1 hour'))).*
     FROM client c WHERE c.id = $2`,
    [id, world.data.clients.device.client_id],
  );
  const veiled = (text: string) => `~${Buffer.from(text).toString('base64url')}`;
  for (const named of [veiled(id), encodeURIComponent(id)])
    expect((await world.get(`/v1/clients/${named}`)).body).toMatchObject({ client_id: id });
  const { status } = await world.post(`/v1/clients/${veiled(id)}/disable`, {});
  expect([status, (await world.get(`/v1/clients/${veiled(id)}`)).body.disabled_at]).toEqual([
    200,
    expect.any(String),
  ]);
  const { client_id: web } = world.data.clients.web;
  for (const named of [
    veiled(web),
    `${veiled(id)}=`,
    `${veiled(id)}A`,
    veiled('http://agents.example.test/'),
  ])
    expect([400, 404]).toContain((await world.get(`/v1/clients/${named}`)).status);
  expect((await world.call('DELETE', `/v1/clients/${veiled(id)}`)).status).toBe(200);
});

it('an id that looks like an address in base64url is registered for nobody, alone or by a description', async () => {
  const veiled = (text: string) => `~${Buffer.from(text).toString('base64url')}`;
  const detail = expect.stringMatching(/must not be "~" before an https address in base64url/);
  const registration = {
    client_name: 'Namesake',
    token_endpoint_auth_method: 'none',
    grant_types: [deviceGrant],
  };
  const registered = (client_id: string) => world.post('/v1/clients', { client_id, ...registration });
  for (const address of ['https://a.example/b', 'https://a.example', 'https://']) {
    const client_id = veiled(address);
    const { status, body } = await registered(client_id);
    expect([status, body.code, body.faults]).toEqual([
      400,
      'invalid_client_metadata',
      [{ at: 'body/client_id', detail }],
    ]);
    const description = { clients: { [client_id]: registration } };
    for (const dry_run of [true, false]) {
      const described = await world.post('/v1/apply', { description, dry_run });
      expect([described.status, described.body.faults[0].detail]).toEqual([400, detail]);
    }
    expect((await world.get(`/v1/clients/${client_id}`)).status).toBe(404);
  }
  // Others may begin so, also with what would be another spelling of an address.
  const otherSpelling = veiled('https://a.example/b').replace(/g$/, 'h');
  for (const client_id of [veiled('http://a.example/b'), otherSpelling, '~'])
    expect([client_id, (await registered(client_id)).status]).toEqual([client_id, 201]);
});

it('an id from before that looks like an address in base64url names its own client, and that of a document stays', async () => {
  const id = `https://a.example/${randomUUID().slice(0, 8)}`;
  const veiled = `~${Buffer.from(id).toString('base64url')}`;
  await world.database.query(
    `INSERT INTO client SELECT (jsonb_populate_record(c, jsonb_build_object('id', $1::text, 'name', 'Introduced', 'document_fresh_until', now() + interval '1 hour'))).*
     FROM client c WHERE c.id = $2`,
    [id, world.data.clients.device.client_id],
  );
  const made = await world.post('/v1/clients', {
    ...{ client_id: `before-${randomUUID()}`, client_name: 'Its namesake' },
    ...{ token_endpoint_auth_method: 'none', grant_types: [deviceGrant] },
  });
  expect(made.status).toBe(201);
  await world.database.query('UPDATE client SET id = $1 WHERE id = $2', [veiled, made.body.client_id]);
  expect((await world.get(`/v1/clients/${veiled}`)).body).toMatchObject({ client_name: 'Its namesake' });
  expect((await world.post(`/v1/clients/${veiled}/disable`, {})).status).toBe(200);
  const disabledAt = async (named: string) => (await world.get(`/v1/clients/${named}`)).body.disabled_at;
  expect([await disabledAt(veiled), await disabledAt(encodeURIComponent(id))]).toEqual([
    expect.any(String),
    null,
  ]);
  expect((await world.call('DELETE', `/v1/clients/${veiled}`)).status).toBe(200);
  // The address is read where nobody has that id any more.
  expect((await world.get(`/v1/clients/${veiled}`)).body).toMatchObject({ client_id: id });
  expect((await world.call('DELETE', `/v1/clients/${veiled}`)).status).toBe(200);
});
