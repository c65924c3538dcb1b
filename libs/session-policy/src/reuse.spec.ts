import { after, aPolicy, aRotatedSession, lasting, signals, tokenOf } from '../test/builders.js';
import type { PresentedToken, RiskAssessment, Session, SessionPolicy } from '../test/domain.js';
import { decideRefresh, instant, noRisk, plus, seconds } from '../test/domain.js';

const policy = aPolicy({ retryWindow: lasting('30s'), retryLimit: 5 });

const decide = (
  session: Session,
  presented: PresentedToken,
  now: number,
  options: { policy?: SessionPolicy; risk?: RiskAssessment } = {},
) => decideRefresh(session, presented, options.policy ?? policy, options.risk ?? noRisk, instant(now));

const ends = (reason: string) => ({ kind: 'end', reason });

describe('an ancestor older than the previous token', () => {
  it.each([1, 0])('ends the session, generation %i of 3, also inside the retry window', (generation) => {
    const session = aRotatedSession();
    expect(decide(session, tokenOf(session, generation), after('1m', 1))).toEqual({
      ...ends('refresh_token_reuse'),
      reach: 'session',
      evidence: {
        class: 'stale_lineage',
        presentedGeneration: generation,
        currentGeneration: 3,
        secondsSinceRotation: 0.001,
        differingSignals: [],
      },
    });
  });

  it('ends all of the account where the policy says so', () => {
    const session = aRotatedSession();
    const strict = aPolicy({ onReuse: 'account' });
    expect(decide(session, tokenOf(session, 0), after('2m'), { policy: strict })).toMatchObject({
      reach: 'account',
    });
  });
});

describe('the previous token', () => {
  const session = aRotatedSession();
  const windowEndsAt = plus(after('1m'), seconds(30));

  it.each([
    [-1, 'replay'],
    [0, 'end'],
    [1, 'end'],
  ])('%i ms from the end of the retry window the answer is %s', (offset, kind) => {
    expect(decide(session, tokenOf(session, 2), windowEndsAt + offset).kind).toBe(kind);
  });

  it('does not slide its window: of uses at 0.9, 1.8 and 2.7 windows only the first is answered', () => {
    const kinds = [0.9, 1.8, 2.7].map((windows) => {
      const retriedBefore = windows > 1 ? 1 : 0;
      return decide(
        { ...session, retries: retriedBefore },
        tokenOf(session, 2),
        after('1m', windows * 30_000),
      ).kind;
    });
    expect(kinds).toEqual(['replay', 'end', 'end']);
  });

  it.each([
    [4, 'replay'],
    [5, 'end'],
    [6, 'end'],
  ])('after %i retries of 5 the answer is %s', (retries, kind) => {
    expect(decide({ ...session, retries }, tokenOf(session, 2), after('1m', 2001)).kind).toBe(kind);
  });

  it.each([
    [2000, false],
    [2001, true],
  ])(
    '%i ms after the rotation counts as a retry: %s; before that it was under way in parallel',
    (offset, counted) => {
      const answer = decide(session, tokenOf(session, 2), after('1m', offset));
      expect(answer).toEqual({ kind: 'replay', counts: counted });
    },
  );

  it('may come in parallel any number of times, whatever was counted', () => {
    expect(decide({ ...session, retries: 5 }, tokenOf(session, 2), after('1m', 5)).kind).toBe('replay');
  });

  it('may not come again at all where no retry is allowed', () => {
    const none = aPolicy({ retryLimit: 0 });
    expect(decide(session, tokenOf(session, 2), after('1m', 5), { policy: none }).kind).toBe('end');
  });

  it('ends the session at its second use in strict mode, even at the instant of the rotation', () => {
    const strict = aPolicy({ retryWindow: seconds(0) });
    for (const offset of [-1, 0, 1]) {
      expect(decide(session, tokenOf(session, 2), after('1m', offset), { policy: strict })).toMatchObject(
        ends('refresh_token_reuse'),
      );
    }
  });

  it.each([
    [2000, 'concurrent'],
    [2001, 'lost_response'],
  ])('is classed %i ms after the rotation as %s', (offset, expected) => {
    const strict = aPolicy({ retryWindow: seconds(0) });
    expect(decide(session, tokenOf(session, 2), after('1m', offset), { policy: strict })).toMatchObject({
      evidence: { class: expected, secondsSinceRotation: offset / 1000 },
    });
  });

  it('is shown with the signals that differ from the sign-in', () => {
    const presented = tokenOf(session, 2, {
      signals: signals({ ip: '198.51.100.7', country: 'FR', asn: null }),
    });
    expect(decide(session, presented, after('2m'))).toMatchObject({
      evidence: { differingSignals: ['ip', 'country'] },
    });
  });
});
