import { freePort } from '../support/ports.js';
import { printedLine } from '../support/printed.js';
import { startServer } from '../support/server.js';
import { type SetDeviation, SignalTransmitter } from '../support/transmitter.js';
import type { AdminWorld } from './admin-world.js';
import { events, header, SignalsWorld, until } from './signals-world.js';

const { revoked, verification } = events;
const fetching = 'Bearer what-we-send-to-it-in-this-test';

let signals: SignalsWorld;
let world: AdminWorld;
let elsewhere: SignalTransmitter;
let known: SignalsWorld['known'];

beforeAll(async () => {
  signals = await SignalsWorld.start();
  ({ world, elsewhere, known } = signals);
}, 120_000);
afterAll(() => signals?.stop());
beforeEach(() => signals.reset());

const identity: SignalsWorld['identity'] = (...whom) => signals.identity(...whom);
const settings = (more: object = {}) => signals.settings(more);
const made = (id: string, more: object) => signals.made(id, more);
const changed = (more: object) => signals.changed(more);
const inForce: SignalsWorld['inForce'] = (...header) => signals.inForce(...header);
const push: SignalsWorld['push'] = (...token) => signals.push(...token);
const tell: SignalsWorld['tell'] = (...event) => signals.tell(...event);
const isLive = (token: string) => signals.isLive(token);
const told = () => signals.told();

describe('a security event that is pushed', () => {
  beforeAll(() => inForce());

  it.each([
    ['session-revoked', revoked, identity],
    ['credential-change', events.changed, identity],
    ['account-disabled', events.disabled, identity],
    ['account-purged', events.purged, identity],
    ['session-revoked', revoked, () => ({ format: 'complex', user: identity() })],
    [
      // A credential is good for more than the session in which it was used.
      'credential-change',
      events.changed,
      () => ({ format: 'complex', session: { format: 'opaque', id: 'x' }, user: identity() }),
    ],
  ])('ends everything of the person, and says why: %s', async (signal, event, subject) => {
    const { access_token, sid } = await world.signIn();
    const { access_token: another } = await world.signIn(world.person(1));
    const before = (await told()).length;
    const content = {
      change_type: 'revoke',
      reason_admin: { de: 'Gestohlen', en: 'The laptop was\u0007stolen' },
    };
    const answer = await tell(event, subject(), { claims: { events: { [event]: content } } });
    expect([answer.status, answer.body, answer.headers.get('cache-control')]).toEqual([
      202,
      null,
      'no-store',
    ]);
    expect([await isLive(access_token), await isLive(another)]).toEqual([false, true]);
    expect((await told()).slice(before)).toEqual([
      {
        account: known.id,
        data: {
          transmitter: 'elsewhere',
          signal,
          jti: expect.any(String),
          note: 'The laptop was stolen',
          by: { kind: 'system', id: null, ip: null },
        },
      },
    ]);
    await until(async () => {
      const [end] = await world.database.query<{ reason: string }>(
        `SELECT end_reason AS reason FROM session WHERE id = '${sid}'`,
      );
      return end?.reason === 'signal_received';
    });
  });

  it('does so once for each token, also of fifty at once', async () => {
    const token = await elsewhere.set(revoked, identity());
    const before = (await told()).length;
    const answers = await Promise.all(Array.from({ length: 50 }, () => push(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 202));
    expect((await told()).length - before).toBe(1);
    const { access_token } = await world.signIn();
    expect((await push(token)).status).toBe(202);
    expect(await isLive(access_token)).toBe(true);
  });

  it.each([
    ['a person nobody here is linked to', () => identity('somebody-else')],
    ['a person of another issuer', () => identity('ada-there', 'https://other.example.test')],
    [
      'a person by an address, where that is not allowed',
      () => ({ format: 'email', email: 'ada@example.test' }),
    ],
    ['a session alone', () => ({ format: 'opaque', id: 'ada-there' })],
    ['a telephone', () => ({ format: 'phone_number', phone_number: '+12065550100' })],
    [
      'a complex subject in a complex one',
      () => ({ format: 'complex', user: { format: 'complex', user: identity() } }),
    ],
  ])('is taken and changes nothing where it is about %s', async (_, subject) => {
    const { access_token } = await world.signIn();
    const before = await told();
    expect((await tell(revoked, subject())).status).toBe(202);
    expect(await isLive(access_token)).toBe(true);
    expect(await told()).toEqual(before);
  });

  it.each([
    ['a verification', verification, { state: 'x' }],
    ['a credential that was added', events.changed, { change_type: 'create' }],
    ['an event of no name here', events.compliance, {}],
    ['an event by the name of a member that every object has', 'toString', {}],
  ])('is taken and changes nothing where it is %s', async (_, event, content) => {
    const { access_token } = await world.signIn();
    const answer = await tell(event, identity(), { claims: { events: { [event]: content } } });
    expect(answer.status).toBe(202);
    expect(await isLive(access_token)).toBe(true);
  });

  const now = () => Math.floor(Date.now() / 1000);
  it.each<[string, string, () => SetDeviation]>([
    ['a signature of another key', 'invalid_key', () => ({ isForged: true })],
    ['another type', 'invalid_request', () => ({ header: { typ: 'JWT' } })],
    ['the type of an access token', 'invalid_request', () => ({ header: { typ: 'at+jwt' } })],
    ['no type', 'invalid_request', () => ({ header: { typ: undefined } })],
    ['another issuer', 'invalid_issuer', () => ({ claims: { iss: 'https://other.example.test' } })],
    ['no issuer', 'invalid_issuer', () => ({ claims: { iss: undefined } })],
    ['another audience', 'invalid_audience', () => ({ claims: { aud: ['there', 'elsewhere'] } })],
    ['no audience', 'invalid_audience', () => ({ claims: { aud: undefined } })],
    ['no jti', 'invalid_request', () => ({ claims: { jti: undefined } })],
    ['a jti that is too long', 'invalid_request', () => ({ claims: { jti: 'x'.repeat(256) } })],
    ['no iat', 'invalid_request', () => ({ claims: { iat: undefined } })],
    ['an iat ahead', 'invalid_request', () => ({ claims: { iat: now() + 120 } })],
    [
      'an iat of more than seven days ago',
      'invalid_request',
      () => ({ claims: { iat: now() - 7 * 86_400 - 60 } }),
    ],
    ['an end of its own', 'invalid_request', () => ({ claims: { exp: now() + 60 } })],
    ['a subject of its own', 'invalid_request', () => ({ claims: { sub: 'ada-there' } })],
    ['no event', 'invalid_request', () => ({ claims: { events: {} } })],
    ['two events', 'invalid_request', () => ({ claims: { events: { [revoked]: {}, 'urn:other': {} } } })],
    ['an event that is none', 'invalid_request', () => ({ claims: { events: { [revoked]: 'x' } } })],
    ['no subject', 'invalid_request', () => ({ claims: { sub_id: undefined } })],
    [
      'a subject without its parts',
      'invalid_request',
      () => ({ claims: { sub_id: { format: 'iss_sub', sub: 'x' } } }),
    ],
  ])('is refused and changes nothing with %s: %s', async (_, err, deviation) => {
    const { access_token } = await world.signIn();
    const { status, headers, body } = await tell(revoked, identity(), deviation());
    expect([status, body?.err, headers.get('content-language')]).toEqual([400, err, 'en']);
    expect(body?.description).toMatch(/^[a-z][^{}]+$/);
    expect(await isLive(access_token)).toBe(true);
  });

  it('is refused where it is no token, too large, of another kind, or from nobody who is known', async () => {
    const token = await elsewhere.set(revoked, identity());
    const [head, payload] = token.split('.');
    const none = Buffer.from(JSON.stringify({ alg: 'none', typ: 'secevent+jwt' })).toString('base64url');
    const cases = [
      [await push(''), 'invalid_request'],
      [await push('x'.repeat(70_000)), 'invalid_request'],
      [await push(`${head}.${payload}`), 'invalid_request'],
      [await push(`${none}.${payload}.`), 'invalid_key'],
      [await push(token, { 'content-type': 'application/json' }), 'invalid_request'],
      [await push(token, { authorization: 'Bearer another' }), 'authentication_failed'],
      [await push(token, { authorization: header.toLowerCase() }), 'authentication_failed'],
      [await push(token, { authorization: '' }), 'authentication_failed'],
    ] as const;
    expect(cases.map(([{ status, body }]) => [status, body?.err])).toEqual(
      cases.map(([, err]) => [400, err]),
    );
    const get = await fetch(`${world.server.issuer}/ssf/receive`);
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST']);
    const line = await printedLine(world.server, '"error":"authentication_failed"');
    expect(line).toContain('no transmitter sends this Authorization header');
  });
});

describe('a transmitter', () => {
  it('may name people by an address only where it is allowed to, and the account has verified it', async () => {
    const email = 'ada@here.example.test';
    const store = (verified: boolean) =>
      world.database.query(
        `INSERT INTO account_profile (account_id, email, email_verified, updated_at) VALUES ('${known.id}', '${email}', ${verified}, now())
         ON CONFLICT (account_id) DO UPDATE SET email = EXCLUDED.email, email_verified = EXCLUDED.email_verified`,
      );
    await changed({ matches_email: true, authorization: `${header}-2` });
    await inForce(`${header}-2`);
    const subject = { format: 'email', email: 'ADA@here.example.test' };
    const { access_token } = await world.signIn();
    for (const [verified, isEnded] of [
      [false, false],
      [true, true],
    ] as const) {
      await store(verified);
      const answer = await push(await elsewhere.set(revoked, subject), { authorization: `${header}-2` });
      expect([answer.status, await isLive(access_token)]).toEqual([202, !isEnded]);
    }
    await changed({});
    await inForce();
  });

  it('ends only by the signals that were chosen, and nothing once it is switched off', async () => {
    await changed({ signals: ['account-disabled'], authorization: `${header}-3` });
    await inForce(`${header}-3`);
    const { access_token } = await world.signIn();
    const by = { authorization: `${header}-3` };
    expect((await push(await elsewhere.set(revoked, identity()), by)).status).toBe(202);
    expect(await isLive(access_token)).toBe(true);
    await changed({ enabled: false });
    await inForce(`${header}-3`, false);
    const answer = await push(await elsewhere.set(events.disabled, identity()));
    expect([answer.status, answer.body?.err]).toEqual([400, 'authentication_failed']);
    expect(await isLive(access_token)).toBe(true);
    await changed({});
    await inForce();
  });

  it('is told to come again where its keys cannot be had, and nothing is lost', async () => {
    const other = await SignalTransmitter.start();
    const authorization = 'Bearer of-the-one-without-keys';
    await made('without-keys', { issuer: other.issuer, subject_issuer: elsewhere.issuer, authorization });
    await inForce(authorization);
    const { access_token } = await world.signIn();
    const token = await other.set(revoked, identity());
    for (const [path, answer] of [
      ['/.well-known/ssf-configuration', { status: 500, body: '' }],
      ['/.well-known/ssf-configuration', { status: 200, body: '{' }],
      [
        '/.well-known/ssf-configuration',
        { status: 200, body: JSON.stringify({ issuer: elsewhere.issuer, jwks_uri: `${other.issuer}/jwks` }) },
      ],
      [
        '/.well-known/ssf-configuration',
        { status: 200, body: JSON.stringify({ issuer: other.issuer, jwks_uri: 'ftp://127.0.0.1/' }) },
      ],
      ['/.well-known/ssf-configuration', { status: 200, body: ' '.repeat(70_000) }],
      ['/.well-known/ssf-configuration', 'hang'],
    ] as const) {
      other.answers.set(path, answer);
      const { status, headers, body } = await push(token, { authorization });
      expect([status, body?.code]).toEqual([503, 'temporarily_unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    }
    other.answers.clear();
    expect(await isLive(access_token)).toBe(true);
    expect((await push(token, { authorization })).status).toBe(202);
    expect(await isLive(access_token)).toBe(false);
    await other.close();
  });

  it('is held back beyond its rate', async () => {
    const authorization = 'Bearer of-the-one-that-floods';
    const other = await SignalTransmitter.start();
    await made('flooding', { issuer: other.issuer, authorization });
    await inForce(authorization);
    const answers: number[] = [];
    for (let at = 0; at < 220; at += 1) answers.push((await push('nothing', { authorization })).status);
    expect(new Set(answers)).toEqual(new Set([400, 429]));
    const late = await push('nothing', { authorization });
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await tell(verification, identity())).status).toBe(202);
    await other.close();
  });
});

describe('a security event that is fetched', () => {
  const poll = (more: object = {}) => ({
    delivery: 'poll',
    endpoint_url: `${elsewhere.issuer}/poll`,
    authorization: fetching,
    ...more,
  });
  beforeAll(() => changed(poll()));
  const wait: SignalsWorld['wait'] = (...set) => signals.wait(...set);
  const acknowledged = () => elsewhere.polls.flatMap(({ ack }) => ack);
  const refused = () =>
    Object.fromEntries(
      elsewhere.polls.flatMap(({ setErrs }) => Object.entries(setErrs).map(([jti, { err }]) => [jti, err])),
    );

  it('ends everything of the person, and is acknowledged once that has committed', async () => {
    const { access_token } = await world.signIn();
    await wait('one', revoked, identity());
    await wait('two', revoked, identity('nobody'));
    await until(async () => acknowledged().length === 2);
    expect(acknowledged()).toEqual(['one', 'two']);
    expect(await isLive(access_token)).toBe(false);
    expect(elsewhere.polls.every(({ authorization }) => authorization === fetching)).toBe(true);
  });

  it('is refused by its code where it is bad, and holds up none of the others', async () => {
    const { access_token } = await world.signIn();
    await wait('forged', revoked, identity(), { isForged: true });
    await wait('foreign', revoked, identity(), { claims: { aud: 'somebody' } });
    await wait('renamed', revoked, identity(), { claims: { jti: 'another' } });
    elsewhere.waiting.set('garbage', 'garbage');
    elsewhere.waiting.set('number', 7);
    await until(async () => Object.keys(refused()).length === 5);
    expect(refused()).toEqual({
      forged: 'invalid_key',
      foreign: 'invalid_audience',
      renamed: 'invalid_request',
      garbage: 'invalid_request',
      number: 'invalid_request',
    });
    expect([acknowledged(), await isLive(access_token)]).toEqual([[], true]);
    await wait('good', revoked, identity());
    await until(async () => !(await isLive(access_token)));
  });

  it('comes in any number, fifty at a time', async () => {
    for (let at = 0; at < 130; at += 1) await wait(`many-${at}`, revoked, identity('nobody'));
    await until(async () => acknowledged().length === 130);
    expect(Math.max(...elsewhere.polls.map(({ ack }) => ack.length))).toBe(50);
  });

  it('waits where its transmitter is away, answers nonsense or hangs, which the doctor says', async () => {
    const state = async () => (await world.get('/v1/transmitters/elsewhere')).body;
    for (const [answer, fault] of [
      [{ status: 503, body: '' }, 'answered with 503'],
      [{ status: 200, body: '<html>' }, 'answered with no JSON'],
      [{ status: 200, body: '{"sets":[]}' }, 'answered without sets'],
      [{ status: 302, body: '' }, 'answered with 302'],
      [{ status: 200, body: ' '.repeat(5_000_000) }, 'the document is too large'],
      ['hang', 'no answer in time'],
    ] as const) {
      elsewhere.answers.set('/poll', answer);
      // Saved anew, it is due at once.
      await changed(poll());
      await until(async () => (await state()).poll_fault === fault);
    }
    const finding = async () =>
      ((await world.get('/v1/doctor')).body.items as { name: string; state: string; detail: string }[]).find(
        ({ name }) => name === 'transmitters',
      );
    expect(await finding()).toMatchObject({
      state: 'wrong',
      detail: 'could not be polled: elsewhere (no answer in time)',
    });
    expect((await state()).poll_failures).toBeGreaterThan(0);
    const { access_token } = await world.signIn();
    await wait('late', revoked, identity());
    elsewhere.answers.clear();
    await changed(poll());
    await until(async () => acknowledged().includes('late'));
    expect(await isLive(access_token)).toBe(false);
    expect(await state()).toMatchObject({
      poll_failures: 0,
      poll_fault: null,
      polled_at: expect.any(String),
    });
  }, 60_000);

  it('is fetched by one of all nodes at a time', async () => {
    const { PATH: _, ...settings } = world.server.environment;
    const second = await startServer({
      databaseUrl: world.database.url,
      settings: { ...settings, CURFEW_AUTH_PORT: String(await freePort()) },
    });
    elsewhere.delayMs = 150;
    elsewhere.mostAtOnce = 0;
    const before = elsewhere.polls.length;
    await until(async () => elsewhere.polls.length >= before + 12);
    expect(elsewhere.mostAtOnce).toBe(1);
    elsewhere.delayMs = 0;
    await second.stop();
  });
});

describe('the rows of transmitters', () => {
  const polled = { delivery: 'poll', endpoint_url: 'https://there.example.test/poll' };
  const byToken = { token_endpoint: 'https://there.example.test/token', client_id: 'us' };
  /** The rows as operators wrote them: one that is polled says when that was. */
  const written = async () => {
    const { items } = (await world.get('/v1/transmitters')).body as { items: { polled_at: string }[] };
    return items.map(({ polled_at: _, ...one }) => one);
  };
  const change = (body: object, version = '"1"') =>
    world.call('PUT', '/v1/transmitters/kept', { body, headers: { 'if-match': version } });

  it.each([
    [{ issuer: 'no address' }, 'issuer'],
    [{ issuer: 'https://there.example.test/?a' }, 'issuer'],
    [{ issuer: 'https://there.example.test/.well-known/ssf-configuration' }, 'issuer'],
    [{ issuer: 'HTTPS://there.example.test' }, 'issuer'],
    [{ audience: '' }, 'audience'],
    [{ jwks_uri: 'ftp://there.example.test/' }, 'jwks_uri'],
    [{ delivery: 'pull' }, 'delivery'],
    [{ endpoint_url: 'https://there.example.test/poll' }, 'endpoint_url'],
    [{ delivery: 'poll' }, 'endpoint_url'],
    [{ delivery: 'poll', endpoint_url: 'file:///etc/passwd' }, 'endpoint_url'],
    [{ token_endpoint: 'https://there.example.test/token', client_id: 'us' }, 'token_endpoint'],
    [{ client_id: 'us' }, 'client_id'],
    [{ token_scope: 'ssf.read' }, 'token_scope'],
    [{ ...polled, token_endpoint: 'https://there.example.test/token' }, 'client_id'],
    [{ ...polled, token_endpoint: 'file:///etc/passwd', client_id: 'us' }, 'token_endpoint'],
    [{ ...polled, token_endpoint: 'https://there.example.test/token', client_id: '' }, 'client_id'],
    [{ ...polled, ...byToken, token_scope: 'a  b' }, 'token_scope'],
    [{ ...polled, ...byToken, token_scope: '' }, 'token_scope'],
    [{ signals: [] }, 'signals'],
    [{ signals: ['session-established'] }, 'signals'],
    [{ authorization: 'Bearer short' }, 'authorization'],
    [{ ...polled, ...byToken, authorization: 'a\nb' }, 'authorization'],
    [{ ...polled, ...byToken, authorization: '' }, 'authorization'],
    [{ authorization: 'Bearer of  this  receiver' }, 'authorization'],
    [{ authorization: `Bearer ${'x'.repeat(30)}\r\nHost: y` }, 'authorization'],
    [{ authorization: undefined }, 'authorization'],
    [{ other: 1 }, 'other'],
  ])('are refused by name, and change nothing: %j', async (wrong, member) => {
    const before = await written();
    const right = settings({ id: 'wrong', issuer: 'https://there.example.test' });
    const { status, body, text } = await world.post('/v1/transmitters', { ...right, ...wrong });
    expect([status, text.includes(member)]).toEqual([400, true]);
    expect(JSON.stringify(body.errors ?? body.faults ?? body)).toContain(member);
    expect(await written()).toEqual(before);
  });

  it('have the secret of a client as it was given, also a short one', async () => {
    const right = settings({ id: 'short', issuer: 'https://short.example.test', enabled: false });
    const answer = await world.post('/v1/transmitters', {
      ...{ ...right, ...polled, ...byToken, authorization: 'a  b' },
    });
    expect([answer.status, answer.text.includes('a  b')]).toEqual([201, false]);
    const removed = await world.call('DELETE', '/v1/transmitters/short', {
      headers: { 'if-match': '"1"' },
    });
    expect(removed.status).toBe(204);
  });

  it('are not of this service itself, one for each issuer, and send a header to no other address', async () => {
    const own = await world.post('/v1/transmitters', {
      id: 'own',
      ...settings({ issuer: world.server.issuer }),
    });
    expect([own.status, own.body.code]).toEqual([400, 'invalid_transmitter']);
    const kept = settings({
      issuer: 'https://kept.example.test',
      delivery: 'poll',
      endpoint_url: 'http://127.0.0.1:9/poll',
      enabled: false,
    });
    expect((await world.post('/v1/transmitters', { id: 'kept', ...kept })).status).toBe(201);
    const twice = await world.post('/v1/transmitters', { id: 'twice', ...kept });
    expect([twice.status, twice.body.code]).toEqual([409, 'transmitter_exists']);
    const { authorization: _, ...without } = kept;
    for (const moved of [
      { issuer: 'https://moved.example.test' },
      { endpoint_url: 'http://127.0.0.1:9/other' },
    ]) {
      const answer = await change({ ...without, ...moved });
      expect([answer.status, answer.body.code]).toEqual([400, 'secret_missing']);
    }
    const taken = await change({ ...kept, issuer: elsewhere.issuer });
    expect([taken.status, taken.body.code]).toEqual([409, 'transmitter_exists']);
    expect((await change({ ...without, audience: 'there' })).status).toBe(200);
    const stale = await change({ ...without, audience: 'late' });
    expect([stale.status, stale.body.code]).toEqual([412, 'version_conflict']);
    const gone = await world.call('DELETE', '/v1/transmitters/kept', { headers: { 'if-match': '"2"' } });
    expect([gone.status, (await world.get('/v1/transmitters/kept')).status]).toEqual([204, 404]);
  });

  it('are fifty at most', async () => {
    const { items } = (await world.get('/v1/transmitters')).body;
    const answers: number[] = [];
    for (let at = items.length; at < 51; at += 1) {
      const more = settings({ issuer: `https://number-${at}.example.test`, enabled: false });
      answers.push((await world.post('/v1/transmitters', { id: `number-${at}`, ...more })).status);
    }
    expect([new Set(answers.slice(0, -1)), answers.at(-1)]).toEqual([new Set([201]), 409]);
    expect((await world.get('/v1/transmitters')).body.items).toHaveLength(50);
  });
});

it('keeps what transmitters and this service prove themselves with out of every answer, event and log', async () => {
  const answers = [await world.get('/v1/transmitters'), await world.get('/v1/transmitters/elsewhere')];
  const recorded = await world.database.query<{ text: string }>('SELECT data::text AS text FROM event');
  const all = [
    ...answers.map(({ text }) => text),
    ...recorded.map(({ text }) => text),
    world.server.output(),
    world.admin.output(),
  ].join('\n');
  expect(all).toContain('elsewhere');
  for (const secret of [header, fetching]) expect(all).not.toContain(secret.slice(7));
});
