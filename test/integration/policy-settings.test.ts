import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rememberedUntil } from '@curfew/accounts/factors';
import { type OperationParts, passwordEndsSessions } from '@curfew/operations';
import { accessTokenLifetime, type SessionPolicy, seconds, unknownSignals } from '@curfew/session-policy';
import { decideEnrolment } from '@curfew/session-policy/enrolment';
import { settingNames, settingOf } from '@curfew/session-policy/settings';
import { deadlines, idleWarningAt } from '@curfew/session-policy/standing';
import { SessionQueries } from '@curfew/sessions';
import { cacheMaxAge } from '../../libs/token-endpoint/src/introspection.js';
import { House, t } from './sessions-house.js';

let house: House;
beforeAll(async () => {
  house = await House.open();
});
afterEach(() => house.check());
afterAll(() => house?.close());

const home = {
  ...unknownSignals,
  ip: '192.0.2.10',
  prefix: '192.0.2.0/24',
  country: 'DE',
  deviceId: 'laptop',
  tlsFingerprint: 't1',
};
const quiet = { ipChange: 'off', deviceMismatch: 'off', tlsFingerprintChange: 'off' } as const;

interface Trial {
  /** Settings of both policies, beside the two values of the tried one. */
  readonly under?: Partial<SessionPolicy>;
  readonly values: readonly [SessionPolicy[keyof SessionPolicy], SessionPolicy[keyof SessionPolicy]];
  /** An outcome under the policy of this client. */
  readonly seen: (clientId: string) => Promise<unknown>;
}

const policyOf = (clientId: string) => house.policies.effectivePolicy(clientId);
/** How refreshes of one session at these seconds go; `again` shows the first token each time. */
const refreshes =
  (at: readonly number[], { again = false, signals = home } = {}) =>
  async (clientId: string) => {
    const who = await house.signIn({ clientId, signals: home });
    const seen: string[] = [];
    let { token } = who;
    for (const second of at) {
      const outcome = await house.refresh(who, token, t(second), { signals });
      seen.push(
        outcome.kind === 'token'
          ? outcome.how
          : outcome.kind === 'sibling'
            ? 'sibling'
            : outcome.decision.kind,
      );
      if (outcome.kind === 'token' && !again) token = outcome.token;
    }
    return seen;
  };
const aSession = async (clientId: string) => {
  const who = await house.signIn({ clientId });
  return (await house.nodes[0].store.read(who.sid))!.session;
};
const lifetime = async (clientId: string) =>
  accessTokenLifetime(await aSession(clientId), policyOf(clientId), 0.9, t(1));
/** The second sign-in of an account: whether it started, and whether the first session lives on. */
const secondSignIn = async (clientId: string) => {
  const accountId = randomUUID();
  const first = await house.signIn({ clientId, accountId });
  const started = await house.signIn({ clientId, accountId, at: t(1) }).then(
    () => true,
    () => false,
  );
  return [started, await house.endOf(first)];
};

const serving = {
  siblings: 'serve',
  siblingDistance: 3,
  siblingWindow: seconds(600),
  siblingLimit: 2,
} as const satisfies Partial<SessionPolicy>;
/** How uses of the first token go after two rotations, seconds after the last one. */
const lateUses =
  (...after: readonly number[]) =>
  async (clientId: string) => {
    const who = await house.signIn({ clientId, signals: home });
    // From where the sign-in came: a rotation from elsewhere closes siblings.
    let { token } = who;
    for (const at of [t(100), t(200)]) {
      const outcome = await house.refresh(who, token, at, { signals: home });
      if (outcome.kind === 'token') token = outcome.token;
    }
    const seen: string[] = [];
    for (const seconds of after)
      seen.push((await house.refresh(who, who.token, t(200 + seconds), { signals: home })).kind);
    return seen;
  };

/** Two values of each setting, and the outcome under them. The compiler asks for a line for each. */
const trials: { readonly [Name in keyof SessionPolicy]: Trial } = {
  accessTokenLifetime: { values: [seconds(300), seconds(600)], seen: lifetime },
  accessTokenJitterPercent: { values: [0, 25], seen: lifetime },
  rotation: { values: ['always', 'never'], seen: refreshes([10]) },
  retryWindow: { values: [seconds(0), seconds(30)], seen: refreshes([10, 15], { again: true }) },
  retryLimit: { values: [0, 2], seen: refreshes([10, 15], { again: true }) },
  onReuse: {
    under: { retryWindow: seconds(0) },
    values: ['session', 'account'],
    seen: async (clientId) => {
      const accountId = randomUUID();
      const [other, who] = [
        await house.signIn({ clientId, accountId }),
        await house.signIn({ clientId, accountId }),
      ];
      await house.rotated(who, who.token, t(10));
      await house.refresh(who, who.token, t(20));
      return house.stands(other, t(21));
    },
  },
  inactivityTimeout: { values: [seconds(360), seconds(1800)], seen: refreshes([900]) },
  absoluteLifetime: {
    under: { inactivityTimeout: seconds(900) },
    values: [seconds(900), seconds(3600)],
    seen: refreshes([600, 1200]),
  },
  activity: {
    under: { inactivityTimeout: seconds(900) },
    values: ['refresh', 'use'],
    seen: refreshes([600, 1200]),
  },
  ipChange: {
    values: ['off', 'end'],
    seen: refreshes([1], { signals: { ...home, prefix: '203.0.113.0/24' } }),
  },
  ipGranularity: {
    under: { ipChange: 'end' },
    values: ['exact', 'country'],
    seen: refreshes([1], { signals: { ...home, ip: '192.0.2.77' } }),
  },
  deviceMismatch: {
    values: ['off', 'end'],
    seen: refreshes([1], { signals: { ...home, deviceId: 'phone' } }),
  },
  tlsFingerprintChange: {
    values: ['off', 'step_up'],
    seen: refreshes([1], { signals: { ...home, tlsFingerprint: 't2' } }),
  },
  sessionsPerAccount: { values: [1, null], seen: secondSignIn },
  whenSessionsFull: {
    under: { sessionsPerAccount: 1 },
    values: ['end_oldest', 'refuse_new'],
    seen: secondSignIn,
  },
  // That gateways and APIs obey it is seen in test/e2e/resource-server.test.ts.
  introspectionCache: { values: [seconds(0), seconds(5)], seen: async (id) => cacheMaxAge(policyOf(id)) },
  onPasswordChange: {
    values: ['keep_others', 'end_others'],
    seen: async (clientId) => {
      const who = await house.signIn({ clientId });
      const { prisma, service: sessions } = house.nodes[0];
      const clock = { now: () => t(60) } as OperationParts['clock'];
      const queries = new SessionQueries(prisma, house.policies);
      return passwordEndsSessions({ queries, sessions, clock }, who.accountId);
    },
  },
  requiredAcr: { values: ['none', 'urn:curfew:acr:mfa'], seen: refreshes([1]) },
  enrolmentDays: {
    values: [null, 7],
    seen: async (clientId) => {
      const facts = { reachable: 'urn:curfew:acr:sfa', askedAt: null, isOffered: true, now: t(0) } as const;
      return decideEnrolment(policyOf(clientId), facts);
    },
  },
  rememberedBrowserDays: {
    values: [0, 7],
    seen: async (clientId) => rememberedUntil(policyOf(clientId), t(0)),
  },
  idleWarning: {
    values: [seconds(60), seconds(300)],
    seen: async (clientId) => {
      const [session, policy] = [await aSession(clientId), policyOf(clientId)];
      return idleWarningAt(session, policy, deadlines(session, policy));
    },
  },
  // The id of an account says whether it is in a canary; this one is at place 0.
  canary: {
    under: { inactivityTimeout: seconds(1_200) },
    values: [null, { inactivityTimeout: seconds(2_400), share: 1 }],
    seen: async (clientId) => {
      const who = await house.signIn({ clientId, accountId: `${randomUUID().slice(0, 27)}000000007` });
      return (await house.refresh(who, who.token, t(1_800))).kind;
    },
  },
  siblings: { under: serving, values: ['off', 'serve'], seen: lateUses(60) },
  siblingDistance: { under: serving, values: [1, 2], seen: lateUses(60) },
  siblingWindow: { under: serving, values: [seconds(60), seconds(120)], seen: lateUses(60) },
  siblingLimit: { under: serving, values: [1, 2], seen: lateUses(60, 61) },
};

it.each(settingNames)('the setting %s changes what is seen', async (name) => {
  const { under = {}, values, seen } = trials[name];
  const outcomes: unknown[] = [];
  for (const value of values)
    outcomes.push(
      await seen(house.client({ ...quiet, accessTokenJitterPercent: 10, ...under, [name]: value })),
    );
  expect(JSON.stringify(outcomes[0])).not.toBe(JSON.stringify(outcomes[1]));
});

it.each(settingNames)('the setting %s is read where it says', (name) => {
  const [file, reader] = settingOf(name).reader;
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(new RegExp(`export (const|(async )?function|class) ${reader}\\b`));
  expect(text).toMatch(new RegExp(`\\b${name}\\b`));
});
