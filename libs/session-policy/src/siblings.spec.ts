import { after, aPolicy, aRotatedSession, lasting, signals, tokenOf } from '../test/builders.js';
import {
  assessRisk,
  decideRefresh,
  effectivePolicy,
  maxUnboundSiblings,
  profiles,
  type RequestSignals,
  rotated,
  type SessionPolicy,
  siblingServed,
} from '../test/domain.js';

const serving = aPolicy({
  siblings: 'serve',
  siblingDistance: 2,
  siblingWindow: lasting('10m'),
  siblingLimit: 3,
  ipChange: 'observe',
  deviceMismatch: 'observe',
});

/** The decision about a token of generation 1 of 3, nine minutes after the last rotation, where nothing else is said. */
function decisionOf({
  generation = 1,
  at = after('10m'),
  policy = serving,
  session = aRotatedSession(),
  presented = {},
}: {
  generation?: number;
  at?: ReturnType<typeof after>;
  policy?: SessionPolicy;
  session?: ReturnType<typeof aRotatedSession>;
  presented?: Parameters<typeof tokenOf>[2];
}): string {
  const token = tokenOf(session, generation, presented);
  const risk = assessRisk(session.baseline, token.signals, policy, session);
  const decision = decideRefresh(session, token, policy, risk, at);
  return decision.kind === 'end' ? decision.reason : decision.kind;
}

describe('a superseded token where the policy serves siblings', () => {
  it('is served as a sibling, from one generation behind as from the farthest that is allowed', () => {
    expect([2, 1].map((generation) => decisionOf({ generation }))).toEqual(['sibling', 'sibling']);
  });

  const bound = aRotatedSession({ keyThumbprint: 'key' });
  it.each<[string, Parameters<typeof decisionOf>[0]]>([
    ['the policy serves none', { policy: aPolicy() }],
    ['it is a generation too old', { generation: 0 }],
    ['the window is just over', { at: after('11m') }],
    ['as many as may be have been served', { session: aRotatedSession({ siblings: 3 }) }],
    ['it comes from another network', { presented: { signals: signals({ prefix: '198.51.100.0/24' }) } }],
    ['its network is not known', { presented: { signals: signals({ prefix: null }) } }],
    [
      'the network of the sign-in was not known either',
      { session: aRotatedSession({ baseline: signals({ prefix: null }) }) },
    ],
    ['its device withholds its id', { presented: { signals: signals({ deviceId: null }) } }],
    ['it comes from another program', { presented: { signals: signals({ userAgentFamily: 'curl' }) } }],
    ['it comes from another system', { presented: { signals: signals({ operatingSystem: 'Windows' }) } }],
    ['it comes by another TLS library', { presented: { signals: signals({ tlsFingerprint: 'other' }) } }],
    ['it comes with another key', { session: bound, presented: { keyThumbprint: 'another' } }],
    ['it comes without its key', { session: bound, presented: { keyThumbprint: null } }],
    [
      'risk would ask a live token to step up',
      {
        policy: { ...serving, ipChange: 'step_up', ipGranularity: 'exact' },
        presented: { signals: signals({ ip: '192.0.2.99' }) },
      },
    ],
  ])('ends the session if %s', (_, circumstances) => {
    expect(decisionOf(circumstances)).toBe('refresh_token_reuse');
  });

  it.each<[string, Parameters<typeof decisionOf>[0], string]>([
    ['is a retry first of all', { generation: 2, at: after('1m', 29_999) }, 'replay'],
    ['is a sibling once its retries are over', { generation: 2, at: after('1m', 30_000) }, 'sibling'],
    ['is served to the last millisecond of the window', { at: after('11m', -1) }, 'sibling'],
    ['is refused to another client', { presented: { clientId: 'other' } }, 'refuse'],
    [
      'is refused where the sign-in proved too little',
      { policy: { ...serving, requiredAcr: 'urn:curfew:acr:mfa' }, presented: { methods: ['pwd'] } },
      'refuse',
    ],
    [
      'is served from another address of the network',
      { presented: { signals: signals({ ip: '192.0.2.99' }) } },
      'sibling',
    ],
    [
      'has no limit where the session is bound to a key and the policy sets none',
      { policy: { ...serving, siblingLimit: null }, session: { ...bound, siblings: 5_000_000 } },
      'sibling',
    ],
    [
      'has a limit all the same where it is bound to none',
      {
        policy: { ...serving, siblingLimit: null },
        session: aRotatedSession({ siblings: maxUnboundSiblings }),
      },
      'refresh_token_reuse',
    ],
    ['ends like any other at the absolute deadline', { at: after('12h') }, 'absolute_lifetime'],
  ])('%s', (_, circumstances, expected) => {
    expect(decisionOf(circumstances)).toBe(expected);
  });

  it('is counted until the next rotation, and moves no clock', () => {
    const session = aRotatedSession({ siblings: 1 });
    expect(siblingServed(session)).toEqual({ ...session, siblings: 2 });
    expect(rotated(session, signals(), serving, after('11m')).siblings).toBe(0);
  });

  it.each<[string, RequestSignals]>([
    ['another network', signals({ prefix: '198.51.100.0/24' })],
    ['a network that is not known', signals({ prefix: null })],
    ['another program', signals({ userAgentFamily: 'curl' })],
    ['a device that withholds its id', signals({ deviceId: null })],
    ['another TLS library', signals({ tlsFingerprint: 'other' })],
  ])('ends the session after a rotation from %s, until one from the sign-in follows', (_, elsewhere) => {
    for (const siblingLimit of [3, null])
      for (const keyThumbprint of [null, 'key']) {
        const policy = { ...serving, siblingLimit };
        const foreign = rotated(aRotatedSession({ keyThumbprint }), elsewhere, policy, after('2m'));
        const behind = { generation: 2, policy, at: after('10m') };
        expect(decisionOf({ ...behind, session: foreign })).toBe('refresh_token_reuse');
        const back = rotated(foreign, signals({ ip: '192.0.2.99' }), policy, after('3m'));
        expect(decisionOf({ ...behind, generation: 3, session: back })).toBe('sibling');
      }
  });

  it('is counted from none at every rotation where the policy serves none', () => {
    const elsewhere = signals({ prefix: '198.51.100.0/24' });
    expect(rotated(aRotatedSession({ siblings: 2 }), elsewhere, aPolicy(), after('2m')).siblings).toBe(0);
  });
});

describe('the policy that serves siblings', () => {
  const standard = aPolicy();
  const { agent } = profiles;
  it.each<[string, Parameters<typeof effectivePolicy>[0], string]>([
    ['the client serves them', { everyone: standard, client: agent.policy, resources: [standard] }, 'serve'],
    ['only everyone does', { everyone: agent.policy }, 'off'],
    ['only a resource does', { everyone: standard, client: standard, resources: [agent.policy] }, 'off'],
    [
      'a resource asks for strict mode',
      { everyone: standard, client: agent.policy, resources: [aPolicy({ retryWindow: lasting('0s') })] },
      'off',
    ],
  ])("is the client's own, if %s", (_, matching, siblings) => {
    const { siblingDistance, siblingWindow } = agent.policy;
    const effective = effectivePolicy(matching);
    expect(effective.siblings).toBe(siblings);
    if (siblings === 'serve') expect(effective).toMatchObject({ siblingDistance, siblingWindow });
  });
});
