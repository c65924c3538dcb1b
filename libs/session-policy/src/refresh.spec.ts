import { after, aPolicy, aRotatedSession, aSession, lasting, tokenOf } from '../test/builders.js';
import type { PresentedToken, RiskAssessment, Session, SessionPolicy } from '../test/domain.js';
import { decideRefresh, instant, noRisk } from '../test/domain.js';

const policy = aPolicy({ retryWindow: lasting('30s'), retryLimit: 5 });

const decide = (
  session: Session,
  presented: PresentedToken,
  now: number,
  options: { policy?: SessionPolicy; risk?: RiskAssessment } = {},
) => decideRefresh(session, presented, options.policy ?? policy, options.risk ?? noRisk, instant(now));

const ends = (reason: string) => ({ kind: 'end', reason });
const risky = (action: 'observe' | 'step_up' | 'end', signal: 'ip' | 'device' = 'ip'): RiskAssessment => ({
  action,
  findings: [{ signal, action, fields: ['asn'] }],
});

describe('the live refresh token', () => {
  it('rotates', () => {
    const session = aSession();
    expect(decide(session, tokenOf(session), after('1m'))).toEqual({ kind: 'rotate' });
  });

  it('is kept where the policy says that tokens never rotate', () => {
    const session = aSession();
    const never = aPolicy({ rotation: 'never' });
    expect(decide(session, tokenOf(session), after('1m'), { policy: never })).toEqual({ kind: 'keep' });
  });

  it('rotates when it is not bound to a key, whatever key is shown', () => {
    const session = aSession({ keyThumbprint: null });
    expect(decide(session, tokenOf(session, 0, { keyThumbprint: 'jkt-1' }), after('1m')).kind).toBe('rotate');
  });

  it('rotates when risk only observes', () => {
    const session = aSession();
    expect(decide(session, tokenOf(session), after('1m'), { risk: risky('observe') }).kind).toBe('rotate');
  });
});

describe('another client', () => {
  it.each([
    ['the live token', 3],
    ['the previous token', 2],
    ['an old token', 0],
    ['a token from the future', 9],
  ])(
    'is refused with %s and changes nothing, even when the session is over by the clock',
    (_, generation) => {
      const session = aRotatedSession();
      const presented = tokenOf(session, generation, { clientId: 'client-2' });
      for (const now of [after('2m'), after('2d')]) {
        expect(decide(session, presented, now)).toMatchObject({
          kind: 'refuse',
          reason: 'wrong_client',
          evidence: { class: 'foreign_client' },
        });
      }
    },
  );
});

describe('an ended session', () => {
  const session = aRotatedSession({ ended: { at: after('2m'), reason: 'logout' } });

  it('refuses its live token with the reason of its end', () => {
    expect(decide(session, tokenOf(session), after('3m'))).toEqual({ kind: 'refuse', reason: 'logout' });
  });

  it('refuses the previous token inside the retry window: no retry after an end', () => {
    const presented = tokenOf(session, 2);
    expect(decide(session, presented, after('1m', 1))).toMatchObject({
      kind: 'refuse',
      reason: 'logout',
      evidence: { class: 'after_end', presentedGeneration: 2, currentGeneration: 3 },
    });
  });

  it('keeps the reason of its end when its deadlines pass as well', () => {
    expect(decide(session, tokenOf(session), after('30d'))).toEqual({ kind: 'refuse', reason: 'logout' });
  });
});

describe('a token the row does not know', () => {
  it('is refused when its generation is ahead of the row, as after a restore, and raises the alarm', () => {
    const session = aRotatedSession();
    expect(decide(session, tokenOf(session, 4, { matches: 'none' }), after('2m'))).toMatchObject({
      kind: 'refuse',
      reason: 'unknown_token',
      evidence: { class: 'ahead_of_row', presentedGeneration: 4, currentGeneration: 3 },
    });
  });

  it.each([
    ['current', 3],
    ['previous', 2],
  ])('is refused when its secret is not that of the %s generation', (_, generation) => {
    const session = aRotatedSession();
    for (const now of [after('1m', 1), after('5m'), after('2d')]) {
      expect(decide(session, tokenOf(session, generation, { matches: 'none' }), now)).toMatchObject({
        kind: 'refuse',
        reason: 'unknown_token',
        evidence: { class: 'unknown_secret' },
      });
    }
  });

  it('is refused when its secret belongs to another generation than it says', () => {
    const session = aRotatedSession();
    expect(decide(session, tokenOf(session, 3, { matches: 'previous' }), after('2m'))).toMatchObject({
      reason: 'unknown_token',
    });
    expect(decide(session, tokenOf(session, 2, { matches: 'current' }), after('1m', 1))).toMatchObject({
      reason: 'unknown_token',
    });
  });
});

describe('a bound token without its key', () => {
  const session = aRotatedSession({ keyThumbprint: 'jkt-1' });

  it.each([
    ['another key', 'jkt-2'],
    ['no key at all', null],
  ])('is refused with %s and the session goes on', (_, keyThumbprint) => {
    expect(decide(session, tokenOf(session, 3, { keyThumbprint }), after('2m'))).toEqual({
      kind: 'refuse',
      reason: 'wrong_key',
    });
  });

  it('ends the session when it is the previous one, because that was copied', () => {
    expect(decide(session, tokenOf(session, 2, { keyThumbprint: 'jkt-2' }), after('1m', 1))).toMatchObject({
      ...ends('refresh_token_reuse'),
      evidence: { differingSignals: ['keyThumbprint'] },
    });
  });

  it('is replayed inside the retry window when the key is right', () => {
    expect(decide(session, tokenOf(session, 2), after('1m', 1))).toEqual({ kind: 'replay', counts: false });
  });
});

describe('the absolute deadline', () => {
  const session = aSession({ lastActiveAt: after('12h', -1000) });

  it.each([
    [-1, 'rotate'],
    [0, 'end'],
    [1, 'end'],
  ])('%i ms from it the answer is %s', (offset, kind) => {
    expect(decide(session, tokenOf(session), after('12h', offset)).kind).toBe(kind);
  });

  it('is named before the idle deadline when both have passed', () => {
    expect(decide(aSession(), tokenOf(aSession()), after('13h'))).toEqual({
      ...ends('absolute_lifetime'),
      reach: 'session',
    });
  });

  it('ends the session by the clock, not for theft, when an old token comes after it; the trace is kept', () => {
    const old = aRotatedSession();
    expect(decide(old, tokenOf(old, 0), after('13h'))).toMatchObject({
      ...ends('absolute_lifetime'),
      evidence: { class: 'after_end', presentedGeneration: 0 },
    });
  });
});

describe('the idle deadline', () => {
  it.each([
    [-1, 'rotate'],
    [0, 'end'],
    [1, 'end'],
  ])('%i ms from it the answer is %s', (offset, kind) => {
    const session = aSession({ lastActiveAt: after('1h') });
    expect(decide(session, tokenOf(session), after('90m', offset)).kind).toBe(kind);
  });

  it('names inactivity as the reason', () => {
    expect(decide(aSession(), tokenOf(aSession()), after('30m'))).toEqual({
      ...ends('inactivity_timeout'),
      reach: 'session',
    });
  });
});

describe('risk', () => {
  it.each([
    ['ip', 'risk_ip'],
    ['device', 'risk_device'],
  ] as const)('that says end ends the session and names %s', (signal, reason) => {
    const session = aSession();
    const risk = risky('end', signal);
    expect(decide(session, tokenOf(session), after('1m'), { risk })).toEqual({
      kind: 'end',
      reason,
      reach: 'browser',
      findings: risk.findings,
    });
  });

  it('that says step up is asked of the live token and of a retry alike', () => {
    const session = aRotatedSession();
    const risk = risky('step_up');
    for (const generation of [3, 2]) {
      expect(decide(session, tokenOf(session, generation), after('1m', 1), { risk })).toEqual({
        kind: 'step_up',
        findings: risk.findings,
      });
    }
  });

  it('does not soften reuse, and cannot end what another client or key presents', () => {
    const session = aRotatedSession({ keyThumbprint: 'jkt-1' });
    const risk = risky('end');
    const answer = (generation: number, changes: Partial<PresentedToken>) =>
      decide(session, tokenOf(session, generation, changes), after('2m'), { risk });
    expect(answer(2, {})).toMatchObject(ends('refresh_token_reuse'));
    expect(answer(3, { clientId: 'client-2' })).toMatchObject({ reason: 'wrong_client' });
    expect(answer(3, { keyThumbprint: null })).toMatchObject({ reason: 'wrong_key' });
  });
});
