import { instant } from '@curfew/session-policy';
import { isSetType, readSignal, requireStreamOf, SetRefused } from './received-token.js';
import { type Signal, signalNames, type Transmitter } from './transmitter.js';

const now = instant(1_900_000_000_000);
const transmitter = (signals: readonly Signal[] = signalNames): Transmitter => ({
  id: 'there',
  issuer: 'https://there.example.test',
  audience: 'here',
  jwksUri: null,
  delivery: 'push',
  endpointUrl: null,
  tokenEndpoint: null,
  clientId: null,
  tokenScope: null,
  subjectIssuer: 'https://there.example.test',
  matchesEmail: false,
  signals,
  enabled: true,
  version: 1,
  polledAt: null,
  pollFailures: 0,
  pollFault: null,
  createdAt: now,
  updatedAt: now,
});
const revoked = 'https://schemas.openid.net/secevent/caep/event-type/session-revoked';
const payload = (event: object = {}, more: object = {}) => ({
  iss: 'https://there.example.test',
  aud: 'here',
  iat: 1_900_000_000,
  jti: 'one',
  sub_id: { format: 'iss_sub', iss: 'https://there.example.test', sub: 'ada' },
  events: { [revoked]: event },
  ...more,
});
const read = (event: object = {}, more: object = {}) => readSignal(payload(event, more), transmitter(), now);

describe('a received security event token', () => {
  it('names its signal, its person, and until when its id is remembered', () => {
    expect(read()).toEqual({
      jti: 'one',
      issuedAt: instant(1_900_000_000_000),
      rememberUntil: instant(1_900_000_000_000 + 8 * 86_400_000),
      signal: 'session-revoked',
      subject: { format: 'iss_sub', issuer: 'https://there.example.test', subject: 'ada' },
      reason: null,
    });
  });

  it.each([
    [{ en: 'Stolen', de: 'Gestohlen' }, 'Stolen'],
    [{ de: 'Gestohlen' }, 'Gestohlen'],
    ['Stolen', 'Stolen'],
    [{ en: `a\u0000\u202eb${'x'.repeat(300)}` }, `a b${'x'.repeat(197)}`],
    // Half a character would be no text to PostgreSQL.
    [{ en: `${'x'.repeat(199)}\u{1f600}y` }, `${'x'.repeat(199)}\u{1f600}`],
    [{ en: 'a\ud83db' }, 'a b'],
    [{ en: ' \n ' }, null],
    [{ en: 7 }, null],
    [{}, null],
    [['Stolen'], null],
    [undefined, null],
  ])('has a reason in one bounded line: %j', (given, reason) => {
    expect(read({ reason_admin: given }).reason).toBe(reason);
  });

  it.each([
    [1_900_000_060, true],
    [1_900_000_061, false],
    [1_900_000_000 - 7 * 86_400, true],
    [1_900_000_000 - 7 * 86_400 - 1, false],
    [1_900_000_000.5, true],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
    ['1900000000', false],
  ])('issued at %s is taken: %s', (iat, isTaken) => {
    const reading = () => read({}, { iat });
    if (isTaken) expect(reading().jti).toBe('one');
    else expect(reading).toThrow(SetRefused);
  });

  it.each([
    [{ format: 'opaque', id: 's' }, { id: 's' }],
    [
      { format: 'iss_sub', iss: 'https://there.example.test', sub: 's' },
      { id: 's', issuer: 'https://there.example.test' },
    ],
    [{ format: 'uri', uri: 'urn:s' }, {}],
    [undefined, undefined],
    [null, undefined],
  ])('names the session that was revoked: %j', (session, named) => {
    const user = { format: 'iss_sub', iss: 'https://there.example.test', sub: 'ada' };
    const told = read({}, { sub_id: { format: 'complex', user, session } });
    expect([told.session, told.subject]).toEqual([
      named,
      { format: 'iss_sub', issuer: 'https://there.example.test', subject: 'ada' },
    ]);
  });

  it.each([
    'x',
    [],
    {},
    { format: 'opaque' },
    { format: 'opaque', id: '' },
    { format: 'iss_sub', sub: 's' },
    { format: 'iss_sub', iss: 's' },
  ])('is refused where its session is malformed: %j', (session) => {
    expect(() => read({}, { sub_id: { format: 'complex', session } })).toThrow(SetRefused);
  });

  it('is about a session where its simple subject is opaque, and about a person where that is iss_sub', () => {
    const told = read({}, { sub_id: { format: 'opaque', id: 's' } });
    expect([told.session, told.subject]).toEqual([{ id: 's' }, null]);
    expect(read().session).toBeUndefined();
  });

  it('of a credential is about its person, whatever session it names', () => {
    const events = { [revoked.replace('session-revoked', 'credential-change')]: {} };
    const sub_id = { format: 'complex', session: { format: 'opaque', id: 's' } };
    expect(read({}, { events, sub_id }).session).toBeUndefined();
  });

  it('asks for nothing that was not chosen', () => {
    expect(readSignal(payload(), transmitter(['account-purged']), now).signal).toBeNull();
  });

  it.each([
    ['secevent+jwt', true],
    ['application/secevent+jwt', true],
    ['SecEvent+JWT', true],
    ['JWT', false],
    ['logout+jwt', false],
    ['secevent+jwt ', false],
    [undefined, false],
    [['secevent+jwt'], false],
  ])('has a type of its own: %j %s', (typ, isOne) => {
    expect(isSetType(typ)).toBe(isOne);
  });

  it.each([
    [{ iss: 'https://there.example.test/' }, 'invalid_issuer'],
    [{ iss: ['https://there.example.test'] }, 'invalid_issuer'],
    [{ aud: 'her' }, 'invalid_audience'],
    [{ aud: { here: true } }, 'invalid_audience'],
  ])('is of one stream: %j is %s', (more, code) => {
    expect(() => requireStreamOf(payload({}, more), transmitter())).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  it('may name several audiences', () => {
    expect(() => requireStreamOf(payload({}, { aud: ['there', 'here'] }), transmitter())).not.toThrow();
  });
});
