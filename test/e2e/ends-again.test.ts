import { randomUUID } from 'node:crypto';
import { OperatorStore, Profiles } from '@curfew/accounts';
import { FullAdministrators } from '@curfew/clients';
import { loadConfiguration } from '@curfew/config';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import { EndConfirmation, FeedNodeStore } from '@curfew/events';
import { type Foundation, openFoundation } from '@curfew/foundation';
import { withdrawConsent } from '@curfew/operations';
import { unlinkIdentity } from '@curfew/operations/identities';
import { forgetBrowsers, rememberBrowser, removeSecondFactors } from '@curfew/operations/second-factors';
import { isDatabaseUnavailable } from '@curfew/persistence';
import { plus, seconds, unknownSignals } from '@curfew/session-policy';
import { newId, newSecret } from '@curfew/tokens';
import { pino } from 'pino';
import { Authority } from '../../apps/admin-api/src/access/authority.js';
import { AuthorityStore } from '../../apps/admin-api/src/access/authority.store.js';
import type { Caller } from '../../apps/admin-api/src/access/caller.js';
import { AccountActs } from '../../apps/admin-api/src/accounts/account-acts.js';
import { AccountDetails } from '../../apps/admin-api/src/accounts/account-details.js';
import { MailIsOn } from '../../apps/admin-api/src/accounts/mail-is-on.js';
import { ScimActs } from '../../apps/admin-api/src/scim/scim-acts.js';
import { Announcements } from '../../apps/admin-api/src/sessions/announcements.js';
import { SessionEnds } from '../../apps/admin-api/src/sessions/session-ends.js';
import { SessionSearchStore } from '../../apps/admin-api/src/sessions/session-search.store.js';
import { OwnAccount } from '../../apps/auth-server/src/interactions/own-account.js';
import { cancellingWaits, FailoverWorld } from '../chaos/failovers.js';
import { formsOf } from '../support/person.js';
import { orders } from './engine-world.js';

/**
 * Every act that ends something, asked for again after the wait of its commit for a standby was cancelled: nothing is left to end, and it is
 * not called done as long as a failover could bring everything back (ADR 111).
 */
let failover: FailoverWorld;
let foundation: Foundation;
const prepared = new Map<string, End>();

/** One act, by its status, and whether it is done as far as the primary shows. */
interface End {
  readonly act: () => Promise<number>;
  readonly isOver: () => Promise<boolean>;
  /** The status of a third time, when commits are confirmed; 200 unless it is said. */
  readonly lastly?: number;
}

beforeAll(async () => {
  failover = await FailoverWorld.start({}, 1);
  const { CURFEW_DEV_FILE: _, ...settings } = failover.world.nodes[0]!.environment;
  const configuration = loadConfiguration(settings);
  const options = { process: 'ends-again', connections: { hot: 2 } };
  foundation = await openFoundation(configuration, pino({ level: 'silent' }), options);
  for (const [name, prepare] of Object.entries(acts)) prepared.set(name, await prepare());
  await failover.pair.holdCommits(true);
  await failover.world.until('commits wait', async () => (await failover.health(0)) === 503, 30_000);
}, 180_000);
afterAll(async () => {
  await failover?.pair.holdCommits(false);
  await foundation?.close();
  await failover?.stop();
}, 60_000);

const here = (work: () => Promise<unknown>) => async (): Promise<number> => {
  try {
    await work();
    return 200;
  } catch (error) {
    if (isDatabaseUnavailable(error)) return 503;
    throw error;
  }
};

const isNone = async (from: string): Promise<boolean> =>
  (await failover.pair.query(`SELECT 1 FROM ${from}`)).length === 0;

/** Somebody with one session at a client that they allowed something. */
async function someone() {
  const { accounts, consents, sessions, clock } = foundation;
  const username = `person-${randomUUID()}`;
  const hash = await accounts.preparePassword(username, 'a password that nobody guesses');
  const { id: accountId } = await accounts.create({ username, password: hash });
  const clientId = failover.web.id;
  await consents.remember(accountId, clientId, { scopes: ['openid'], claims: [], resources: {} });
  const now = clock.now();
  const facts = {
    ...{ id: newId(now), accountId, clientId, resources: [], signedInAt: now, authenticatedAt: null },
    ...{ keyThumbprint: null, baseline: unknownSignals },
  };
  const start = {
    ...{ facts, browserSessionUid: null, offline: true, authorization: {}, authenticatedAt: null },
    refreshTokenSecret: newSecret(),
  };
  await sessions.start(start, await sessions.policyFor(clientId, []), now, async () => {});
  const isOver = () => isNone(`session WHERE account_id = '${accountId}' AND ended_at IS NULL`);
  return { accountId, clientId, sid: facts.id, isOver };
}

const by = { kind: 'system', id: null, ip: null } as const;
const caller: Caller = {
  ...{ kind: 'client', clientId: 'ops', accountId: null, sessionId: null, scopes: new Set(adminScopeNames) },
  actor: { kind: 'administrator', id: 'ops', ip: null },
};

const ownAccount = (): OwnAccount => {
  const { clock, accounts, consents, registry, queries, browsers } = foundation;
  return new OwnAccount(foundation, clock, accounts, consents, registry, queries, browsers);
};

const adminEnds = (): SessionEnds =>
  new SessionEnds({
    ...foundation,
    search: new SessionSearchStore(foundation.prisma),
    announcements: new Announcements(),
    confirmation: new EndConfirmation(
      new FeedNodeStore(foundation.prisma),
      foundation.announcer,
      foundation.clock,
    ),
  });

function provisioning(): ScimActs {
  const { configuration, prisma, events, accounts, identities } = foundation;
  const { adminUrl, mail } = configuration;
  const [operators, profiles] = [new OperatorStore(prisma), new Profiles(prisma)];
  const administrators = new FullAdministrators(prisma, { audience: adminUrl, scopes: adminScopeNames });
  const store = new AuthorityStore();
  const authority = new Authority({ adminUrl, operators, store, administrators, events });
  const details = new AccountDetails(accounts, operators, profiles, identities);
  const all = [foundation, accounts, operators, events, authority, new MailIsOn(mail), details] as const;
  return new ScimActs(foundation, accounts, profiles, new AccountActs(...all));
}

const revoked = (token: string, client: { id: string; secret: string }): End => ({
  act: async () => (await failover.world.revoke(client, token)).status,
  isOver: async () => !(await failover.world.isActive(failover.api, token)),
});

const acts: Readonly<Record<string, () => Promise<End>>> = {
  'the revocation of an access token': async () => {
    const { world, web } = failover;
    return revoked((await world.signIn(web)).access_token, web);
  },
  'the revocation of a token that a client has for itself': async () => {
    const { world } = failover;
    const machine = await world.client({ grant_types: ['client_credentials'], redirect_uris: [] });
    const form = { grant_type: 'client_credentials', resource: orders, scope: 'orders:read' };
    const { body } = await world.token(machine, form);
    return revoked(body.access_token, machine);
  },
  'a sign-out at one client': async () => {
    const { world, web } = failover;
    const person = world.stranger();
    const { sid } = await world.signIn(web, { person });
    const page = await person.open(`${world.issuer}/logout?client_id=${web.id}`);
    const form = { ...formsOf(page.body)[0]!, markup: '' };
    return {
      act: async () => (await person.submit(page, form)).status,
      isOver: () => isNone(`session WHERE id = '${sid}' AND ended_at IS NULL`),
      // The second time used the form up.
      lastly: 400,
    };
  },
  'the withdrawal of a consent': async () => {
    const { accountId, clientId, isOver } = await someone();
    return { act: here(() => withdrawConsent(foundation, { accountId, clientId }, { by })), isOver };
  },
  'a sign-out everywhere else': async () => {
    const { accountId, isOver } = await someone();
    return { act: here(() => ownAccount().endOthers(accountId, 'this browser')), isOver };
  },
  'the end of a sign-in of one’s own': async () => {
    const { accountId, sid, isOver } = await someone();
    return { act: here(() => ownAccount().end(accountId, sid, { keepOffline: false })), isOver };
  },
  'an end of those that a search finds': async () => {
    const { accountId, isOver } = await someone();
    const order = { caller, reason: 'ended_by_administrator', now: foundation.clock.now() } as const;
    return { act: here(() => adminEnds().found({ account: accountId }, 'endSessions', order)), isOver };
  },
  'an account that provisioning makes inactive': async () => {
    const { accountId, isOver } = await someone();
    const act = { caller, operation: 'replaceUser', now: foundation.clock.now() };
    return { act: here(() => provisioning().change(accountId, { active: false }, act)), isOver };
  },
  'a link that is taken away': async () => {
    const { accountId, isOver } = await someone();
    const identity = { issuer: 'https://corp.example.test', subject: randomUUID() };
    await failover.pair.query(
      'INSERT INTO linked_identity (issuer, subject, account_id, created_at) VALUES ($1, $2, $3, now())',
      [identity.issuer, identity.subject, accountId],
    );
    return { act: here(() => unlinkIdentity(foundation, identity, accountId, { by })), isOver };
  },
  'second factors that are taken away': async () => {
    const { accountId } = await someone();
    await failover.pair.query(
      `INSERT INTO totp_factor (account_id, secret, created_at, confirmed_at) VALUES ($1, 'sealed', now(), now())`,
      [accountId],
    );
    return {
      act: here(() => removeSecondFactors(foundation, accountId, { by })),
      isOver: () => isNone(`totp_factor WHERE account_id = '${accountId}'`),
    };
  },
  'browsers that are forgotten': async () => {
    const { accountId } = await someone();
    const now = foundation.clock.now();
    const browser = { accountId, token: randomUUID(), browserSessionUid: randomUUID(), version: 'one' };
    const named = { ...browser, browser: null, system: null };
    await rememberBrowser(foundation, named, plus(now, seconds(3_600)), { by });
    return {
      act: here(() => forgetBrowsers(foundation, accountId, { by })),
      isOver: () => isNone(`remembered_browser WHERE account_id = '${accountId}'`),
    };
  },
};

describe('asked for again behind a cancelled wait', () => {
  it.each(Object.keys(acts))(
    '%s is not called done',
    async (name) => {
      const { act, isOver } = prepared.get(name)!;
      const cancelled = () => cancellingWaits(act(), (sql) => failover.pair.on('primary', sql));
      expect(await isOver()).toBe(false);
      expect((await cancelled()).answer).toBe(503);
      expect(await isOver()).toBe(true);
      const again = await cancelled();
      expect([again.answer, again.cancelled > 0]).toEqual([503, true]);
    },
    30_000,
  );

  it('all of it is when commits are confirmed', async () => {
    await failover.pair.holdCommits(false);
    await failover.untilServed(0);
    const answers = await Promise.all([...prepared].map(async ([name, { act }]) => [name, await act()]));
    expect(answers).toEqual([...prepared].map(([name, { lastly = 200 }]) => [name, lastly]));
  }, 60_000);
});
