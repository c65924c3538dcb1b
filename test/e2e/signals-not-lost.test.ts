import { randomUUID } from 'node:crypto';
import { events, SignalsWorld, until } from './signals-world.js';

const { revoked, disabled, verification } = events;
const fetching = 'Bearer what-we-send-to-it-in-this-test';

let signals: SignalsWorld;
beforeAll(async () => {
  // Tokens are repeated here until they are taken, quicker than a transmitter would.
  signals = await SignalsWorld.start({ CURFEW_THROTTLE_SIGNAL: '5000/1m' });
  await signals.inForce();
}, 120_000);
afterAll(() => signals?.stop());
beforeEach(() => signals.reset());

/** Pushes a token as often as its transmitter is asked to, and says how often that was, and the last answer. */
async function pushed(token: string, headers: Readonly<Record<string, string>> = {}) {
  const answers: Awaited<ReturnType<SignalsWorld['push']>>[] = [];
  await until(async () => {
    answers.push(await signals.push(token, headers));
    return answers.at(-1)!.status !== 503;
  });
  const again = answers.slice(0, -1);
  for (const { headers: sent } of again) expect(Number(sent.get('retry-after'))).toBeGreaterThan(0);
  return { repeats: again.length, last: answers.at(-1)! };
}
/** Changes the row as another process does whose announcement this node does not hear. */
const changedUnheard = (columns: string) =>
  signals.world.database.query(
    `UPDATE transmitter SET ${columns}, version = version + 1 WHERE id = 'elsewhere'`,
  );
const announced = () => signals.world.database.query("SELECT pg_notify('curfew_transmitters', '')");

describe('a token that comes before its node knows the newest settings', () => {
  it.each([
    [
      'a signal that was chosen by then',
      { signals: ['account-purged'] },
      `signals = '{session-revoked}'`,
      {},
    ],
    ['another audience', { audience: 'here' }, `audience = 'there'`, { claims: { aud: 'there' } }],
    [
      'another issuer of its people',
      { subject_issuer: 'https://other.example.test' },
      'subject_issuer = issuer',
      {},
    ],
    ['a change to nothing that concerns it', {}, `matches_email = NOT matches_email`, {}],
  ])('comes again, and ends everything: %s', async (_, before, columns, deviation) => {
    await signals.changed(before);
    await settled();
    const { access_token } = await signals.world.signIn();
    const token = await signals.elsewhere.set(revoked, signals.identity(), deviation);
    await changedUnheard(columns);
    const { last } = await pushed(token);
    expect([last.status, await signals.isLive(access_token)]).toEqual([202, false]);
    await signals.changed({});
  });

  it('ends nothing once the transmitter was switched off, before its node hears of that and afterwards', async () => {
    await changedUnheard('enabled = false');
    const { access_token } = await signals.world.signIn();
    const token = await signals.elsewhere.set(revoked, signals.identity());
    expect((await signals.push(token)).status).toBeLessThan(500);
    await announced();
    await until(async () => (await signals.push(token)).body?.err === 'authentication_failed');
    expect(await signals.isLive(access_token)).toBe(true);
    await signals.changed({});
    await signals.inForce();
  });
});

/** Waits until a change that was announced is in force: a token by the old settings would be asked to come again. */
async function settled(): Promise<void> {
  const { body } = await signals.world.get('/v1/transmitters/elsewhere');
  const set = { aud: body.audience as string };
  await until(async () => {
    const token = await signals.elsewhere.set(verification, signals.identity(), { claims: set });
    return (await signals.push(token)).status === 202;
  });
}

describe('a token that was signed with a key of today', () => {
  it('comes again until that is known, and ends everything', async () => {
    await settled();
    await signals.elsewhere.roll('of-today');
    const { access_token } = await signals.world.signIn();
    const { last } = await pushed(await signals.elsewhere.set(revoked, signals.identity()));
    expect([last.status, await signals.isLive(access_token)]).toEqual([202, false]);
  }, 30_000);

  it('is refused once its key has been looked for and is not there', async () => {
    const { access_token } = await signals.world.signIn();
    const deviation = { header: { kid: 'of-nobody' } };
    const { last } = await pushed(await signals.elsewhere.set(revoked, signals.identity(), deviation));
    expect([last.status, last.body?.err]).toEqual([400, 'invalid_key']);
    expect(await signals.isLive(access_token)).toBe(true);
  }, 30_000);
});

describe('the reason of a transmitter', () => {
  it('is cut between characters, so that it stops nothing', async () => {
    const { access_token } = await signals.world.signIn();
    const text = `${'x'.repeat(199)}\u{1f600}${'y'.repeat(50)}`;
    const claims = { events: { [revoked]: { reason_admin: text } } };
    const answer = await signals.tell(revoked, signals.identity(), { claims });
    expect([answer.status, await signals.isLive(access_token)]).toEqual([202, false]);
    expect((await signals.told()).at(-1)!.data['note']).toBe(`${'x'.repeat(199)}\u{1f600}`);
  });

  it('is gone with the other data of a person who is erased, and the sealed history still verifies', async () => {
    const { world } = signals;
    const username = `gone${randomUUID()}@example.test`;
    const { id } = (await world.post('/v1/accounts', { username })).body;
    await signals.link('gone-there', id);
    const text = `Ada Lovelace left on 3 March ${randomUUID()}`;
    const claims = { events: { [disabled]: { reason_admin: text } } };
    expect((await signals.tell(disabled, signals.identity('gone-there'), { claims })).status).toBe(202);
    const kept = async () =>
      (await world.get(`/v1/events?account=${id}`)).body.items as { type: string; data: object }[];
    expect(JSON.stringify(await kept())).toContain(text);
    expect((await world.post(`/v1/accounts/${id}/erase`, {})).status).toBe(200);
    expect(JSON.stringify(await kept())).not.toContain(text);
    expect((await kept()).find(({ type }) => type === 'signal.received')?.data).toMatchObject({
      transmitter: 'elsewhere',
      signal: 'account-disabled',
    });
    expect((await world.get('/v1/events/integrity')).body.problems).toEqual([]);
  });
});

describe('a token that is fetched', () => {
  const poll = (more: object = {}) => ({
    delivery: 'poll',
    endpoint_url: `${signals.elsewhere.issuer}/poll`,
    authorization: fetching,
    ...more,
  });
  const acknowledged = () => signals.elsewhere.polls.flatMap(({ ack }) => ack);
  const state = async () => (await signals.world.get('/v1/transmitters/elsewhere')).body;
  beforeAll(() => signals.changed(poll()));

  it('is not acknowledged by settings that were replaced while it was fetched, and ends everything by the new ones', async () => {
    const { elsewhere } = signals;
    const { access_token } = await signals.world.signIn();
    await signals.changed(poll({ signals: ['account-purged'] }));
    const before = elsewhere.polls.length;
    await until(async () => elsewhere.polls.length > before + 1);
    elsewhere.delayMs = 400;
    let change: Promise<unknown> | undefined;
    elsewhere.onPoll = () => {
      change ??= Promise.all([
        signals.wait('meanwhile', revoked, signals.identity()),
        signals.changed(poll()),
      ]);
    };
    await until(async () => change !== undefined);
    await change;
    elsewhere.onPoll = () => {};
    elsewhere.delayMs = 0;
    await until(async () => acknowledged().includes('meanwhile'));
    expect(await signals.isLive(access_token)).toBe(false);
  });

  it('does not wait behind one that cannot be carried out, which the state of its transmitter says', async () => {
    const { elsewhere, world } = signals;
    const { id } = (await world.post('/v1/accounts', { username: `stuck${randomUUID()}@example.test` })).body;
    await signals.link('stuck-there', id);
    // The database refuses what this token asks for, again and again.
    await world.database.query(`CREATE FUNCTION refuse_this() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.jti = 'stuck' THEN RAISE EXCEPTION 'refused' USING ERRCODE = 'data_exception'; END IF; RETURN NEW; END $$`);
    await world.database.query(
      'CREATE TRIGGER refuse_this BEFORE INSERT ON received_signal FOR EACH ROW EXECUTE FUNCTION refuse_this()',
    );
    const { access_token } = await world.signIn();
    await signals.wait('stuck', revoked, signals.identity('stuck-there'));
    await signals.wait('behind', revoked, signals.identity());
    await signals.changed(poll());
    await until(async () => acknowledged().includes('behind'));
    expect([acknowledged(), await signals.isLive(access_token)]).toEqual([['behind'], false]);
    await until(async () => (await state()).poll_failures > 0);
    expect((await state()).poll_fault).toMatch(/^a token could not be carried out \(\w+\)$/);
    await world.database.query('DROP TRIGGER refuse_this ON received_signal');
    elsewhere.polls.length = 0;
    await signals.changed(poll());
    await until(async () => acknowledged().includes('stuck'));
  });
});

it('says to operators where the header of one does not open any more', async () => {
  const finding = async () =>
    ((await signals.world.get('/v1/doctor')).body.items as { name: string; state: string }[]).find(
      ({ name }) => name === 'transmitters',
    );
  await signals.changed({});
  await signals.inForce();
  await until(async () => (await finding())?.state === 'ok');
  expect(await finding()).toMatchObject({ detail: '1 heard' });
  await changedUnheard(`"authorization" = '\\x00'`);
  await until(async () => (await finding())?.state === 'wrong');
  expect(await finding()).toMatchObject({
    detail: 'the header does not open: elsewhere',
    advice: expect.stringContaining('key-encryption secret'),
  });
  await announced();
  await until(async () => signals.world.server.output().includes('the headers of transmitters do not open'));
});
