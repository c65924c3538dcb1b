import { randomUUID } from 'node:crypto';
import type { Person } from '../support/person.js';
import { events, SignalsWorld } from './signals-world.js';
import { type Elsewhere, newcomer, UpstreamWorld } from './upstream-world.js';

const { revoked, changed } = events;

/** People sign in by way of an identity provider, and a transmitter tells of the sessions that they have there. */
let upstream: UpstreamWorld;
let signals: SignalsWorld;
let issuer: string;

beforeAll(async () => {
  upstream = await UpstreamWorld.start({ CURFEW_THROTTLE_SIGNAL: '500/1m' }, { creates_accounts: true });
  issuer = upstream.elsewhere.issuer;
  signals = await SignalsWorld.beside(upstream.world, { subject_issuer: issuer });
  await signals.inForce();
}, 120_000);
afterAll(async () => {
  await signals?.elsewhere.close();
  await upstream?.stop();
});

const isSignedIn = (person: Person) => upstream.isSignedIn(person);
const sidOf = ({ deviation }: Elsewhere) => (deviation.claims as { sid: string }).sid;
/** Somebody signs in twice, in two sessions there. */
async function twoBrowsers() {
  const who = newcomer();
  const again = { ...who, deviation: { claims: { sid: randomUUID() } } };
  const [one, other] = [upstream.somebody(), upstream.somebody()];
  await upstream.signIn(one, who);
  await upstream.signIn(other, again);
  return { who, one, other, user: signals.identity(who.subject, issuer) };
}
const opaque = (id: string) => ({ format: 'opaque', id });
const complex = (session: unknown, user?: unknown) => ({
  format: 'complex',
  session,
  ...(user === undefined ? {} : { user }),
});
const told = async () => (await signals.told()).map(({ data }) => data);

describe('a revoked session that is named', () => {
  it.each([
    ['by a bare id, beside its person', (id: string, user: unknown) => complex(opaque(id), user)],
    ['by a bare id, alone', (id: string) => complex(opaque(id))],
    ['as the subject itself', (id: string) => opaque(id)],
    [
      'with its issuer',
      (id: string, user: unknown) => complex({ format: 'iss_sub', iss: issuer, sub: id }, user),
    ],
    [
      'beside a person of a kind that is not known here',
      (id: string) => complex(opaque(id), { format: 'phone_number', phone_number: '+12065550100' }),
    ],
  ])('ends what came of it and nothing else of its person, %s', async (_, subject) => {
    const { who, one, other, user } = await twoBrowsers();
    const before = (await told()).length;
    const answer = await signals.tell(revoked, subject(sidOf(who), user));
    expect([answer.status, answer.body]).toEqual([202, null]);
    expect([await isSignedIn(one), await isSignedIn(other)]).toEqual([false, true]);
    expect((await told()).slice(before)).toEqual([
      expect.objectContaining({ transmitter: 'elsewhere', signal: 'session-revoked', session: 'ended' }),
    ]);
    const ends = await upstream.world.database.query<{ reason: string }>(
      `SELECT data->>'reason' AS reason FROM event WHERE type = 'signin.ended' ORDER BY xid DESC, id DESC LIMIT 1`,
    );
    expect(ends).toEqual([{ reason: 'ended_by_identity_provider' }]);
    // It stays over for whoever comes with it later.
    const late = upstream.somebody();
    await upstream.signIn(late, { ...who, deviation: { claims: { sid: sidOf(who) } } });
    expect(await isSignedIn(late)).toBe(false);
  });

  it.each([
    [
      'another issuer has',
      (id: string) => ({ format: 'iss_sub', iss: 'https://other.example.test', sub: id }),
    ],
    ['has a name of no kind known here', (id: string) => ({ format: 'uri', uri: `urn:session:${id}` })],
    ['is null', () => null],
  ])('ends everything of its person where it is one that %s', async (_, session) => {
    const { who, one, other, user } = await twoBrowsers();
    const before = (await told()).length;
    expect((await signals.tell(revoked, complex(session(sidOf(who)), user))).status).toBe(202);
    expect([await isSignedIn(one), await isSignedIn(other)]).toEqual([false, false]);
    const [event, ...more] = (await told()).slice(before);
    expect([event, more]).toEqual([expect.objectContaining({ signal: 'session-revoked' }), []]);
    expect(event).not.toHaveProperty('session');
  });

  it('ends everything of a person whose provider names no sessions', async () => {
    const who = newcomer();
    const unnamed = { ...who, deviation: { claims: { sid: undefined } } };
    const [one, other] = [upstream.somebody(), upstream.somebody()];
    await upstream.signIn(other, who);
    await upstream.signIn(one, unnamed);
    const subject = complex(opaque(randomUUID()), signals.identity(who.subject, issuer));
    expect((await signals.tell(revoked, subject)).status).toBe(202);
    expect([await isSignedIn(one), await isSignedIn(other)]).toEqual([false, false]);
  });

  it('ends nothing of another person than the one beside it', async () => {
    const [of, beside] = [await twoBrowsers(), await twoBrowsers()];
    const before = (await told()).length;
    expect((await signals.tell(revoked, complex(opaque(sidOf(of.who)), beside.user))).status).toBe(202);
    for (const person of [of.one, of.other, beside.one, beside.other])
      expect(await isSignedIn(person)).toBe(true);
    expect((await told()).slice(before)).toEqual([expect.objectContaining({ session: 'unknown' })]);
  });

  it('ends the devices that the person beside it approved, redeemed or not, and those of no other account', async () => {
    const who = newcomer();
    const sid = sidOf(who);
    const before = upstream.somebody();
    await upstream.signIn(before, who);
    const [redeemed, unredeemed] = [await upstream.approved(before), await upstream.approved(before)];
    const of = await redeemed();
    // The identity is that of another account from now on, in the same session there.
    await upstream.world.database.query('DELETE FROM linked_identity WHERE subject = $1', [who.subject]);
    const moved = {
      ...who,
      deviation: { claims: { sid, preferred_username: `${randomUUID()}@example.test` } },
    };
    const after = upstream.somebody();
    await upstream.signIn(after, moved);
    const [own, ownUnredeemed] = [await upstream.approved(after), await upstream.approved(after)];
    const ofOwn = await own();
    const told = await signals.tell(revoked, complex(opaque(sid), signals.identity(who.subject, issuer)));
    expect(told.status).toBe(202);
    expect([await isSignedIn(before), await isSignedIn(after)]).toEqual([true, false]);
    expect(await upstream.world.refresh(ofOwn['refresh_token']!)).toMatchObject({ error: 'invalid_grant' });
    expect(await ownUnredeemed()).toMatchObject({ error: 'invalid_grant' });
    expect(await upstream.world.refresh(of['refresh_token']!)).toHaveProperty('access_token');
    expect(await unredeemed()).toHaveProperty('access_token');
  });

  it.each([['nothing here came of', () => opaque(randomUUID())]])(
    'ends nothing of its person where it is one that %s, which the event says',
    async (_, session) => {
      const { one, other, user } = await twoBrowsers();
      const before = (await told()).length;
      expect((await signals.tell(revoked, complex(session(), user))).status).toBe(202);
      expect([await isSignedIn(one), await isSignedIn(other)]).toEqual([true, true]);
      expect((await told()).slice(before)).toEqual([
        expect.objectContaining({ signal: 'session-revoked', session: 'unknown' }),
      ]);
    },
  );

  it.each([
    [
      'beside a person of another issuer',
      (id: string) => complex(opaque(id), signals.identity('somebody', 'https://other.example.test')),
    ],
    ['that nobody has, without a person', () => complex(opaque(randomUUID()))],
    ['that nobody has, as the subject itself', () => opaque(randomUUID())],
  ])('is taken and changes nothing %s', async (_, subject) => {
    const { who, one } = await twoBrowsers();
    const before = await told();
    expect((await signals.tell(revoked, subject(sidOf(who)))).status).toBe(202);
    expect(await isSignedIn(one)).toBe(true);
    expect(await told()).toEqual(before);
  });

  it.each(['x', {}, { format: 'opaque' }, { format: 'iss_sub', sub: 'x' }])(
    'is refused where it is no subject identifier: %j',
    async (session) => {
      const { one, user } = await twoBrowsers();
      const { status, body } = await signals.tell(revoked, complex(session, user));
      expect([status, body?.err]).toEqual([400, 'invalid_request']);
      expect(await isSignedIn(one)).toBe(true);
    },
  );

  it('counts once, of fifty tokens at once', async () => {
    const { who, one, user } = await twoBrowsers();
    const before = (await told()).length;
    const token = await signals.elsewhere.set(revoked, complex(opaque(sidOf(who)), user));
    const answers = await Promise.all(Array.from({ length: 50 }, () => signals.push(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 202));
    expect(await isSignedIn(one)).toBe(false);
    expect((await told()).slice(before)).toHaveLength(1);
  });

  it('is no more than its person where a credential of theirs was changed in it', async () => {
    const { who, one, other, user } = await twoBrowsers();
    const claims = { events: { [changed]: { change_type: 'update' } } };
    expect((await signals.tell(changed, complex(opaque(sidOf(who)), user), { claims })).status).toBe(202);
    expect([await isSignedIn(one), await isSignedIn(other)]).toEqual([false, false]);
  });
});
