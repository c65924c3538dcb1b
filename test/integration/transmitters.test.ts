import { setTimeout as after } from 'node:timers/promises';
import { ManualClock } from '@curfew/clock';
import { type TransmitterFields, Transmitters } from '@curfew/events/transmitters';
import { plus, seconds } from '@curfew/session-policy';
import { outboundFetch } from '@curfew/token-endpoint/client';
import { ServiceKeys, secretSeal } from '@curfew/tokens';
import { PollTokens } from '../../apps/auth-server/src/signals/poll-tokens.js';
import { TransmitterPolls } from '../../apps/auth-server/src/signals/poll-transmitters.js';
import type { SignalIntake } from '../../apps/auth-server/src/signals/signal-intake.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { SignalTransmitter } from '../support/transmitter.js';

let database: TestDatabase;
let prisma: ReturnType<TestDatabase['prisma']>;
let transmitters: Transmitters;
let clock: ManualClock;
beforeAll(async () => {
  database = await createTestDatabase();
  const keys = new ServiceKeys(['a key-encryption secret of thirty-two bytes']);
  prisma = database.prisma();
  transmitters = new Transmitters(prisma, secretSeal(keys, 'transmitter'));
});
beforeEach(() => {
  clock = new ManualClock();
});
afterEach(() => database.query('TRUNCATE transmitter'));
afterAll(() => database?.drop());

const fields = (id: string, more: Partial<TransmitterFields> = {}): TransmitterFields => ({
  id,
  issuer: `https://${id}.example.test`,
  audience: 'here',
  jwksUri: null,
  delivery: 'poll',
  endpointUrl: `https://${id}.example.test/poll`,
  tokenEndpoint: null,
  clientId: null,
  tokenScope: null,
  subjectIssuer: `https://${id}.example.test`,
  matchesEmail: false,
  signals: ['session-revoked'],
  enabled: true,
  ...more,
});
const added = (given: TransmitterFields) =>
  prisma.$transaction((tx) =>
    transmitters.insert(given, 'Bearer of-this-test-and-no-other', clock.now(), tx),
  );
const state = async (id: string) => (await transmitters.find(id))!;

describe('a poll that began before a change', () => {
  it('writes nothing over it, however it ended, and the new settings are due at once', async () => {
    await added(fields('one'));
    const old = (await transmitters.claim(clock.now()))!;
    expect(await transmitters.claim(clock.now())).toBeUndefined();
    await prisma.$transaction((tx) =>
      transmitters.replace(fields('one', { audience: 'there' }), undefined, 1, clock.now(), tx),
    );
    for (const fault of ['no answer in time', null]) {
      await transmitters.polled(old.transmitter, fault, clock.now(), 60_000);
      expect(await state('one')).toMatchObject({ pollFailures: 0, pollFault: null, polledAt: null });
    }
    expect((await transmitters.claim(clock.now()))?.transmitter).toMatchObject({
      version: 2,
      audience: 'there',
    });
  });

  it('gives way to another node at once where its process stops', async () => {
    await added(fields('one'));
    const claimed = (await transmitters.claim(clock.now()))!;
    await transmitters.release(claimed.transmitter, clock.now());
    expect((await transmitters.claim(plus(clock.now(), seconds(1))))?.transmitter.id).toBe('one');
  });
});

describe('a run of polls', () => {
  const polls = async (more: { readonly deadlineMs?: number } = {}) => {
    const fetch = outboundFetch({ allowInside: true, timeoutMs: 10_000 });
    const all = new TransmitterPolls({
      transmitters,
      // No token waits in these tests.
      intake: undefined as unknown as SignalIntake,
      clock,
      fetch,
      tokens: new PollTokens(fetch, clock, 50),
      intervalMs: 60_000,
      report: () => {},
      ...more,
    });
    await all.load();
    return all;
  };

  it('is over when all of its polls are, also where the database refuses the outcome of one', async () => {
    const elsewhere = await SignalTransmitter.start();
    const endpointUrl = `${elsewhere.issuer}/poll`;
    await added(fields('slow', { endpointUrl }));
    await added(fields('refused', { endpointUrl: `${elsewhere.issuer}/nothing` }));
    elsewhere.delayMs = 400;
    await database.query(`CREATE FUNCTION refuse_this() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.poll_failures > 0 THEN RAISE EXCEPTION 'refused' USING ERRCODE = 'data_exception'; END IF; RETURN NEW; END $$`);
    await database.query(
      'CREATE TRIGGER refuse_this BEFORE UPDATE ON transmitter FOR EACH ROW EXECUTE FUNCTION refuse_this()',
    );
    await expect((await polls()).run(new AbortController().signal)).rejects.toThrow();
    expect([elsewhere.atOnce, (await state('slow')).polledAt]).toEqual([0, clock.now()]);
    await database.query('DROP TRIGGER refuse_this ON transmitter');
    await elsewhere.close();
  });

  it.each(['/poll', '/token'])('breaks a question off when its time is up, of %s', async (hung) => {
    const elsewhere = await SignalTransmitter.start();
    const tokenEndpoint = `${elsewhere.issuer}/token`;
    await added(
      fields('hung', { endpointUrl: `${elsewhere.issuer}/poll`, tokenEndpoint, clientId: 'our client' }),
    );
    elsewhere.answers.set(hung, 'hang');
    const began = performance.now();
    await (await polls({ deadlineMs: 300 })).run(new AbortController().signal);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(await state('hung')).toMatchObject({ pollFailures: 1, pollFault: 'no answer in time' });
    await elsewhere.close();
  });

  it('breaks a question off when its process stops, and leaves the transmitter to another one', async () => {
    const elsewhere = await SignalTransmitter.start();
    await added(fields('hung', { endpointUrl: `${elsewhere.issuer}/poll` }));
    elsewhere.answers.set('/poll', 'hang');
    const stopping = new AbortController();
    const began = performance.now();
    const running = (await polls()).run(stopping.signal);
    await after(200);
    stopping.abort();
    await running;
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(await state('hung')).toMatchObject({ pollFailures: 0, pollFault: null, polledAt: null });
    expect((await transmitters.claim(clock.now()))?.transmitter.id).toBe('hung');
    await elsewhere.close();
  });
});

describe('a transmitter that takes access tokens alone', () => {
  const secret = 'a client secret: 100 % of it';
  let elsewhere: SignalTransmitter;
  beforeEach(async () => {
    elsewhere = await SignalTransmitter.start();
  });
  afterEach(() => elsewhere.close());
  const byToken = (more: Partial<TransmitterFields> = {}) =>
    fields('tokens', {
      endpointUrl: `${elsewhere.issuer}/poll`,
      tokenEndpoint: `${elsewhere.issuer}/token`,
      clientId: 'our client',
      tokenScope: 'ssf.read',
      ...more,
    });
  const kept = (given = byToken()) =>
    prisma.$transaction((tx) => transmitters.insert(given, secret, clock.now(), tx));
  /** Polls the transmitter with these settings, whenever it is due. */
  const polling = async () => {
    const fetch = outboundFetch({ allowInside: true, timeoutMs: 500 });
    const all = new TransmitterPolls({
      transmitters,
      intake: undefined as unknown as SignalIntake,
      clock,
      fetch,
      tokens: new PollTokens(fetch, clock, 50),
      intervalMs: 1_000,
      report: () => {},
    });
    await all.load();
    return async (later: number) => {
      clock.advance(seconds(later));
      await all.run(new AbortController().signal);
      return state('tokens');
    };
  };

  it('is asked for one as its client, and uses that for every poll until shortly before its end', async () => {
    await kept();
    const poll = await polling();
    expect(await poll(0)).toMatchObject({ pollFailures: 0, pollFault: null, polledAt: clock.now() });
    expect(elsewhere.tokenRequests).toEqual([
      {
        // RFC 6749 §2.3.1: both are form-encoded first.
        authorization: `Basic ${btoa('our+client:a+client+secret%3A+100+%25+of+it')}`,
        form: 'grant_type=client_credentials&scope=ssf.read',
      },
    ]);
    await poll(269);
    expect([elsewhere.tokenRequests.length, elsewhere.polls.length]).toEqual([1, 2]);
    // Thirty seconds before its end.
    await poll(1);
    expect([elsewhere.tokenRequests.length, elsewhere.polls.at(-1)?.authorization]).toEqual([
      2,
      'Bearer token-2',
    ]);
  });

  it.each([
    ['half of a short life', 20, 9, 1],
    ['a minute where nothing is said of that', undefined, 29, 1],
    ['an hour at most', 1_000_000, 3_569, 1],
  ])('uses a token for %s', async (_, life, still, more) => {
    elsewhere.tokenLife = life;
    await kept();
    const poll = await polling();
    await poll(0);
    await poll(still);
    expect(elsewhere.tokenRequests).toHaveLength(1);
    await poll(more);
    expect(elsewhere.tokenRequests).toHaveLength(2);
  });

  it('gets another one at once where the one it has is refused, and once for each question', async () => {
    await kept();
    const poll = await polling();
    await poll(0);
    elsewhere.accessToken = 'another one by now';
    expect(await poll(10)).toMatchObject({ pollFailures: 0, pollFault: null });
    expect(elsewhere.tokenRequests).toHaveLength(2);
    elsewhere.answers.set('/poll', { status: 401, body: '' });
    expect((await poll(10)).pollFault).toBe('answered with 401');
    expect(elsewhere.tokenRequests).toHaveLength(3);
    // One that was got for the question has not ended early: it is not got twice.
    expect((await poll(700)).pollFault).toBe('answered with 401');
    expect(elsewhere.tokenRequests).toHaveLength(4);
  });

  it('uses none that was got by other settings, and sends a secret to no address and no client that it was not given for', async () => {
    await kept();
    const poll = await polling();
    await poll(0);
    await prisma.$transaction((tx) =>
      transmitters.replace(byToken({ tokenScope: null }), undefined, 1, clock.now(), tx),
    );
    await poll(1);
    expect(elsewhere.tokenRequests.at(-1)?.form).toBe('grant_type=client_credentials');
    for (const changed of ["client_id = 'another'", `token_endpoint = '${elsewhere.issuer}/other'`]) {
      await database.query(
        `UPDATE transmitter SET ${changed}, version = version + 1, poll_due_at = to_timestamp(0)`,
      );
      expect((await poll(700)).pollFault).toBe('its header cannot be opened');
    }
    expect(elsewhere.tokenRequests).toHaveLength(2);
  });

  const answer = (status: number, body: unknown) => ({
    status,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  it.each([
    [answer(401, { error: 'invalid_client' }), 'the token endpoint answered with 401 (invalid_client)'],
    [answer(400, { error: 'a text\nof theirs' }), 'the token endpoint answered with 400'],
    [answer(500, ''), 'the token endpoint answered with 500'],
    [answer(302, ''), 'the token endpoint answered with 302'],
    [answer(200, '{'), 'the token endpoint answered with no access token'],
    [answer(200, '[]'), 'the token endpoint answered with no access token'],
    [
      answer(200, { access_token: 'a\r\nb', token_type: 'Bearer' }),
      'the token endpoint answered with no access token',
    ],
    [
      answer(200, { access_token: 'x'.repeat(8_193), token_type: 'Bearer' }),
      'the token endpoint answered with no access token',
    ],
    [
      answer(200, { access_token: 'good', token_type: 'DPoP' }),
      'the token endpoint answered with no Bearer token',
    ],
    [
      answer(200, ' '.repeat(70_000)),
      'the token endpoint gave no answer that can be read: the document is too large',
    ],
    ['hang' as const, 'the token endpoint gave no answer that can be read: no answer in time'],
  ])('says why where none can be had, asks for no event, and goes on later: %#', async (wrong, fault) => {
    await kept();
    const poll = await polling();
    elsewhere.answers.set('/token', wrong);
    expect(await poll(0)).toMatchObject({ pollFailures: 1, pollFault: fault, polledAt: null });
    expect(elsewhere.polls).toEqual([]);
    elsewhere.answers.clear();
    expect(await poll(700)).toMatchObject({ pollFailures: 0, pollFault: null });
  });
});
