import { setTimeout as after } from 'node:timers/promises';
import { ManualClock } from '@curfew/clock';
import { type TransmitterFields, Transmitters } from '@curfew/events/transmitters';
import { plus, seconds } from '@curfew/session-policy';
import { outboundFetch } from '@curfew/token-endpoint/client';
import { ServiceKeys, secretSeal } from '@curfew/tokens';
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
  const polls = async () => {
    const all = new TransmitterPolls({
      transmitters,
      // No token waits in these tests.
      intake: undefined as unknown as SignalIntake,
      clock,
      fetch: outboundFetch({ allowInside: true, timeoutMs: 10_000 }),
      intervalMs: 60_000,
      report: () => {},
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
