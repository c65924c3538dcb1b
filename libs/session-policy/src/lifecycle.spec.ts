import { after, aPolicy, aRotatedSession, aSession, lasting, signals, t0 } from '../test/builders.js';
import {
  accessTokenLifetime,
  activityThrottleMs,
  deadlines,
  decideAccess,
  decideRefresh,
  ended,
  endOf,
  idleWarningAt,
  instant,
  kept,
  noRisk,
  plus,
  retried,
  rotated,
  type Session,
  type SessionPolicy,
  seconds,
  started,
  steppedUp,
  stepUpDemanded,
  stepUpOutstanding,
  touched,
} from '../test/domain.js';

const policy = aPolicy();

describe('starting a session', () => {
  it('fixes both deadlines from the sign-in, not from the redemption of the code', () => {
    expect(deadlines(aSession(), policy)).toEqual({
      idle: after('30m'),
      absolute: after('12h'),
      expiresAt: after('30m'),
    });
  });

  it('puts the absolute deadline on the whole second before, because `exp` counts in seconds', () => {
    const session = started(
      {
        id: 's',
        accountId: 'a',
        clientId: 'c',
        resources: [],
        signedInAt: instant(t0 + 999),
        authenticatedAt: null,
        keyThumbprint: null,
        baseline: signals(),
      },
      policy,
    );
    expect(session.absoluteDeadline).toBe(after('12h'));
    expect(deadlines(session, policy).idle).toBe(after('30m', 999));
  });
});

describe('the warning before the idle end', () => {
  const warned = (session: Session, under: SessionPolicy) =>
    idleWarningAt(session, under, deadlines(session, under));

  it('comes as long before it as the policy says, also where activity or a shorter policy moved that end', () => {
    const policy = aPolicy({ idleWarning: lasting('2m') });
    expect(warned(aSession(), policy)).toBe(after('28m'));
    expect(warned(aSession({ lastActiveAt: after('10m') }), policy)).toBe(after('38m'));
    const brief = aPolicy({ inactivityTimeout: lasting('11m'), idleWarning: lasting('5m') });
    expect(warned(aSession(), brief)).toBe(after('6m'));
  });

  it('never lies before the last activity', () => {
    const brief = aSession({}, aPolicy({ inactivityTimeout: lasting('11m') }));
    const patient = aPolicy({ inactivityTimeout: lasting('2h'), idleWarning: lasting('1h') });
    expect(warned(brief, patient)).toBe(t0);
  });
});

describe('deadlines under a changed policy', () => {
  it('come forward at once when the policy became shorter', () => {
    const shorter = aPolicy({ inactivityTimeout: lasting('20m'), absoluteLifetime: lasting('1h') });
    expect(deadlines(aSession(), shorter)).toEqual({
      idle: after('20m'),
      absolute: after('1h'),
      expiresAt: after('20m'),
    });
  });

  it('stay where they were when the policy became longer', () => {
    const longer = aPolicy({ inactivityTimeout: lasting('7d'), absoluteLifetime: lasting('30d') });
    expect(deadlines(aSession(), longer)).toEqual(deadlines(aSession(), policy));
  });

  it('name the absolute deadline once activity reaches past it', () => {
    expect(deadlines(aSession({ lastActiveAt: after('719m') }), policy).expiresAt).toBe(after('12h'));
  });

  it('keep the deadline that a shorter policy wrote, until the next activity', () => {
    const brief = aPolicy({ inactivityTimeout: lasting('5m') });
    const session = rotated(aSession(), signals(), brief, after('1m'));
    expect(deadlines(session, policy).idle).toBe(after('6m'));
    expect(decideAccess(session, policy, after('6m', -1))).toEqual({ kind: 'active' });
    expect(decideAccess(session, policy, after('6m'))).toEqual({ kind: 'end', reason: 'inactivity_timeout' });
    expect(endOf(session, policy, after('8m'))).toEqual({ at: after('6m'), reason: 'inactivity_timeout' });
    const used = rotated(session, signals(), policy, after('5m'));
    expect(deadlines(used, policy).idle).toBe(after('35m'));
  });

  it('are not lengthened by a refresh that is no activity', () => {
    const brief = aPolicy({ inactivityTimeout: lasting('5m'), activity: 'use' });
    const long = aPolicy({ activity: 'use' });
    const session = rotated(aSession(), signals(), brief, after('1m'));
    expect(deadlines(kept(session, long, after('2m')), long).idle).toBe(after('5m'));
    expect(deadlines(rotated(session, signals(), long, after('2m')), long).idle).toBe(after('5m'));
  });
});

describe('access to a session', () => {
  it.each([
    [-1, { kind: 'active' }],
    [0, { kind: 'end', reason: 'inactivity_timeout' }],
    [1, { kind: 'end', reason: 'inactivity_timeout' }],
  ])('%i ms from the idle deadline is %j', (offset, decision) => {
    expect(decideAccess(aSession(), policy, after('30m', offset))).toEqual(decision);
  });

  it.each([
    [-1, { kind: 'active' }],
    [0, { kind: 'end', reason: 'absolute_lifetime' }],
    [1, { kind: 'end', reason: 'absolute_lifetime' }],
  ])('%i ms from the absolute deadline is %j', (offset, decision) => {
    expect(decideAccess(aSession({ lastActiveAt: after('719m') }), policy, after('12h', offset))).toEqual(
      decision,
    );
  });

  it('is refused with the stored reason once the session has ended', () => {
    const session = ended(aSession(), 'ended_by_administrator', after('1m'));
    expect(decideAccess(session, policy, after('1m'))).toEqual({
      kind: 'refuse',
      reason: 'ended_by_administrator',
    });
  });
});

describe('ending a session', () => {
  it('keeps the first reason and instant', () => {
    const once = ended(aSession(), 'logout', after('1m'));
    expect(ended(once, 'refresh_token_reuse', after('2m'))).toBe(once);
    expect(once.ended).toEqual({ at: after('1m'), reason: 'logout' });
  });
});

describe('a rotation', () => {
  it('moves to the next generation and opens a fresh retry window', () => {
    const next = rotated(aRotatedSession({ retries: 4, siblings: 2 }), signals(), policy, after('2m'));
    expect(next).toMatchObject({
      generation: 4,
      rotatedAt: after('2m'),
      retries: 0,
      siblings: 0,
      lastActiveAt: after('2m'),
    });
  });

  it('never moves activity backwards when a clock does', () => {
    expect(rotated(aRotatedSession(), signals(), policy, after('30s')).lastActiveAt).toBe(after('1m'));
  });

  it('never moves the absolute deadline', () => {
    expect(
      rotated(aSession(), signals(), aPolicy({ absoluteLifetime: lasting('30d') }), after('2m'))
        .absoluteDeadline,
    ).toBe(after('12h'));
  });
});

describe('what counts as activity', () => {
  it.each([
    ['refresh', true, false],
    ['use', false, true],
    ['refresh_or_use', true, true],
  ] as const)('under "%s": a refresh %s, use of an access token %s', (activity, byRefresh, byUse) => {
    const under = aPolicy({ activity });
    expect(rotated(aSession(), signals(), under, after('5m')).lastActiveAt === after('5m')).toBe(byRefresh);
    expect(kept(aSession(), under, after('5m')).lastActiveAt === after('5m')).toBe(byRefresh);
    expect(touched(aSession(), under, after('5m'))?.lastActiveAt === after('5m')).toBe(byUse);
  });

  it('is not a retry', () => {
    const session = aRotatedSession();
    expect(retried(session)).toEqual({ ...session, retries: 1 });
  });
});

describe('writing activity', () => {
  it.each([
    ['30m', 60_000],
    ['20m', 60_000],
    ['10m', 30_000],
    ['6m', 18_000],
  ])('under an inactivity timeout of %s waits %i ms', (timeout, milliseconds) => {
    const under = aPolicy({ inactivityTimeout: lasting(timeout) });
    expect(activityThrottleMs(aSession(), under)).toBe(milliseconds);
    expect(touched(aSession(), under, instant(t0 + milliseconds - 1))).toBeNull();
    expect(touched(aSession(), under, instant(t0 + milliseconds))?.lastActiveAt).toBe(t0 + milliseconds);
  });

  it('cannot revive a session that is over', () => {
    expect(touched(aSession(), policy, after('30m', -1))).not.toBeNull();
    expect(touched(aSession(), policy, after('30m'))).toBeNull();
    expect(touched(ended(aSession(), 'logout', after('1m')), policy, after('5m'))).toBeNull();
  });
});

describe('a step-up', () => {
  it('is outstanding from the demand until the person makes it', () => {
    const demanded = stepUpDemanded(aSession(), after('1m'));
    expect(demanded && stepUpOutstanding(demanded)).toBe(true);
    expect(demanded && stepUpOutstanding(steppedUp(demanded, signals(), after('2m')))).toBe(false);
    expect(stepUpOutstanding(aSession())).toBe(false);
  });

  it('is demanded once: asking again writes nothing', () => {
    expect(stepUpDemanded(aSession({ stepUpRequiredAt: after('1m') }), after('2m'))).toBeNull();
  });

  it('can be demanded again after it was made', () => {
    const before = aSession({ stepUpRequiredAt: after('1m'), steppedUpAt: after('2m') });
    expect(stepUpDemanded(before, after('3m'))?.stepUpRequiredAt).toBe(after('3m'));
  });

  it('sets the baseline anew and counts as activity, but leaves the absolute deadline', () => {
    const elsewhere = signals({ ip: '198.51.100.7', deviceId: null });
    const session = steppedUp(aSession({ stepUpRequiredAt: after('1m') }), elsewhere, after('2m'));
    expect(session).toMatchObject({
      baseline: elsewhere,
      lastActiveAt: after('2m'),
      absoluteDeadline: after('12h'),
    });
  });
});

describe('the lifetime of an access token', () => {
  const jittery = aPolicy({ accessTokenLifetime: lasting('10m'), accessTokenJitterPercent: 5 });

  it('is that of the policy, shortened by at most the jitter', () => {
    expect(accessTokenLifetime(aSession(), jittery, 0, after('1m'))).toBe(600);
    expect(accessTokenLifetime(aSession(), jittery, 0.999_999, after('1m'))).toBe(570);
  });

  it('never reaches past the absolute deadline', () => {
    const session = aSession({ lastActiveAt: after('719m') });
    for (const before of [1, 499, 999, 1000, 1001, 59_999, 599_000]) {
      const now = after('12h', -before);
      const issuedAt = Math.floor(now / 1000);
      const expiresAt = issuedAt + accessTokenLifetime(session, jittery, 0, now);
      expect(expiresAt * 1000).toBeLessThanOrEqual(after('12h'));
      expect(expiresAt).toBeGreaterThan(issuedAt);
    }
  });

  it('may reach past the idle deadline, which use can still move', () => {
    const now = after('29m');
    expect(plus(now, accessTokenLifetime(aSession(), jittery, 0, now))).toBeGreaterThan(after('30m'));
  });
});

it('a session can be refreshed and refreshed until its absolute deadline, and not once more', () => {
  let session = aSession();
  let now = t0;
  for (;;) {
    now = plus(now, seconds(20 * 60));
    const presented = {
      generation: session.generation,
      matches: 'current' as const,
      clientId: session.clientId,
      keyThumbprint: null,
      signals: session.baseline,
    };
    const decision = decideRefresh(session, presented, policy, noRisk, now);
    if (decision.kind !== 'rotate') {
      expect(decision).toMatchObject({ kind: 'end', reason: 'absolute_lifetime' });
      break;
    }
    session = rotated(session, signals(), policy, now);
  }
  expect(session.generation).toBe(35);
  expect(now).toBe(after('12h'));
});
