import { randomUUID } from 'node:crypto';
import { type Account, OperatorStore } from '@curfew/accounts';
import { FullAdministrators } from '@curfew/clients';
import { loadConfiguration } from '@curfew/config';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import { EndConfirmation, FeedNodeStore } from '@curfew/events';
import { type Foundation, openFoundation } from '@curfew/foundation';
import { changePassword } from '@curfew/operations';
import { type EndReason, seconds, unknownSignals } from '@curfew/session-policy';
import { newId, newSecret } from '@curfew/tokens';
import { pino } from 'pino';
import { Authority } from '../../apps/admin-api/src/access/authority.js';
import { AuthorityStore } from '../../apps/admin-api/src/access/authority.store.js';
import type { Caller } from '../../apps/admin-api/src/access/caller.js';

import { AccountActs } from '../../apps/admin-api/src/accounts/account-acts.js';
import { MailIsOn } from '../../apps/admin-api/src/accounts/mail-is-on.js';
import {
  registrationOfAdministrator,
  repairAdministration,
} from '../../apps/admin-api/src/administration.js';
import { ClientActs } from '../../apps/admin-api/src/clients/client-acts.js';
import { Announcements } from '../../apps/admin-api/src/sessions/announcements.js';
import { SessionEnds } from '../../apps/admin-api/src/sessions/session-ends.js';
import { SessionSearchStore } from '../../apps/admin-api/src/sessions/session-search.store.js';
import { endConcerned } from '../../apps/auth-server/src/alerts/answers.js';
import { OwnAccount } from '../../apps/auth-server/src/interactions/own-account.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let foundation: Foundation;
let own: OwnAccount;
let accountActs: AccountActs;
let clientActs: ClientActs;
let ends: SessionEnds;
beforeAll(async () => {
  database = await createTestDatabase();
  const configuration = loadConfiguration({
    DATABASE_URL: database.url,
    CURFEW_KEY_ENCRYPTION_SECRETS: 'a secret of this test of thirty-two bytes or more',
  });
  foundation = await openFoundation(configuration, pino({ level: 'silent' }), {
    process: undefined,
    connections: { hot: 2 },
  });
  const { clock, accounts, consents, registry, queries, browsers, prisma, events } = foundation;
  own = new OwnAccount(foundation, clock, accounts, consents, registry, queries, browsers);
  const { adminUrl } = configuration;
  const operators = new OperatorStore(prisma);
  const administrators = new FullAdministrators(prisma, { audience: adminUrl, scopes: adminScopeNames });
  const store = new AuthorityStore();
  const authority = new Authority({ adminUrl, operators, store, administrators, events });
  accountActs = new AccountActs(
    foundation,
    accounts,
    operators,
    events,
    authority,
    new MailIsOn(configuration.mail),
  );
  clientActs = new ClientActs(foundation, authority);
  ends = new SessionEnds({
    ...foundation,
    search: new SessionSearchStore(prisma),
    announcements: new Announcements(),
    confirmation: new EndConfirmation(new FeedNodeStore(prisma), foundation.announcer, clock),
  });
}, 60_000);
afterAll(async () => {
  await foundation?.close();
  await database?.drop();
});

const caller: Caller = {
  kind: 'client',
  clientId: 'ops',
  accountId: null,
  sessionId: null,
  scopes: new Set(adminScopeNames),
  actor: { kind: 'administrator', id: 'ops', ip: null },
};
const act = () => ({ caller, operation: 'this', now: foundation.clock.now() });
const order = (reason: EndReason) => ({ caller, reason, now: foundation.clock.now() });
const password = 'a password that nobody guesses';

/** Somebody who is signed in with a browser at one client, and with a device at another that they allowed something. */
interface Someone {
  readonly account: Account;
  readonly browser: string;
  readonly viaBrowser: string;
  readonly onDevice: string;
  readonly clientId: string;
}

async function session(accountId: string, clientId: string, browserSessionUid: string | null) {
  const { sessions, clock } = foundation;
  const now = clock.now();
  const facts = {
    id: newId(now),
    accountId,
    clientId,
    resources: [],
    signedInAt: now,
    authenticatedAt: null,
    keyThumbprint: null,
    baseline: unknownSignals,
  };
  const start = {
    facts,
    browserSessionUid,
    offline: browserSessionUid === null,
    authorization: {},
    authenticatedAt: null,
    refreshTokenSecret: newSecret(),
  };
  await sessions.start(start, await sessions.policyFor(clientId, []), now, async () => {});
  return facts.id;
}

async function someone(): Promise<Someone> {
  const { accounts, consents, clock } = foundation;
  const username = `person-${randomUUID()}`;
  const account = await accounts.create({
    username,
    password: await accounts.preparePassword(username, password),
  });
  const clientId = `client-${randomUUID()}`;
  await consents.remember(account.id, clientId, { scopes: ['openid'], claims: [], resources: {} });
  const browser = randomUUID();
  await database.query(
    `INSERT INTO browser_session (id_hash, uid, account_id, payload, signed_in_at, last_active_at, inactivity_timeout, absolute_deadline, expires_at)
     VALUES (decode(md5($1), 'hex'), $1, $2, 'sealed', $3, $3, 1800, $3::timestamptz + interval '12 hours', $3::timestamptz + interval '12 hours')`,
    [browser, account.id, new Date(clock.now())],
  );
  return {
    account,
    browser,
    viaBrowser: await session(account.id, 'another-client', browser),
    onDevice: await session(account.id, clientId, null),
    clientId,
  };
}

/** Everything that stands in the database of an account, without who did it and under names that are the same for everybody. */
async function traceOf({ account, browser, viaBrowser, onDevice, clientId }: Someone): Promise<unknown> {
  const rows = {
    events: await database.query(
      `SELECT type, session_id, client_id, data - 'by' - 'note' - 'detail' AS data FROM event
       WHERE account_id = $1 AND type <> 'admin.acted' ORDER BY type, session_id`,
      [account.id],
    ),
    sessions: await database.query(
      'SELECT id, end_reason FROM session WHERE account_id = $1 ORDER BY offline',
      [account.id],
    ),
    browsers: await database.query('SELECT uid, end_reason FROM browser_session WHERE account_id = $1', [
      account.id,
    ]),
    notBefore: await database.query('SELECT kind, reason FROM not_before WHERE target = $1', [account.id]),
    consents: await database.query('SELECT client_id FROM consent WHERE account_id = $1', [account.id]),
  };
  const names = {
    [account.id]: 'account',
    [browser]: 'browser',
    [viaBrowser]: 'via browser',
    [onDevice]: 'on device',
  };
  let text = JSON.stringify(rows).replaceAll(clientId, 'client');
  for (const [id, name] of Object.entries(names)) text = text.replaceAll(id, name);
  // Instants, and how long a session had lived.
  return JSON.parse(text.replace(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"instant"').replace(/\b\d{12,}\b/g, '0'));
}

type Way = (who: Someone) => Promise<unknown>;
const alert = (sessionId: string) =>
  foundation.prisma.$transaction((tx) =>
    endConcerned(foundation)(
      { data: { pattern: 'session_in_two_places' }, sessionId, clientId: null } as never,
      tx,
    ),
  );

/** Each operation with the edges that offer it. */
const operations: Readonly<Record<string, Readonly<Record<string, Way>>>> = {
  'changes a password and ends everything': {
    page: ({ account }) => own.changePassword(account, `${password}, new`, { endSessions: true }),
    operator: ({ account }) =>
      accountActs.setPassword(
        account.id,
        { password: `${password}, new`, mustChange: false, endSessions: true },
        act(),
      ),
  },
  'changes a password and ends nothing': {
    page: ({ account }) => own.changePassword(account, `${password}, new`, { endSessions: false }),
    operator: ({ account }) =>
      accountActs.setPassword(
        account.id,
        { password: `${password}, new`, mustChange: false, endSessions: false },
        act(),
      ),
  },
  'withdraws a consent': {
    page: ({ account, clientId }) => own.withdrawConsent(account.id, clientId),
    operator: ({ account, clientId }) => accountActs.withdraw(account.id, clientId, act()),
  },
  'ends a session': {
    page: ({ account, onDevice }) => own.end(account.id, onDevice, { keepOffline: false }),
    operator: ({ onDevice }) => ends.these([onDevice], 'this', order('ended_by_user')),
  },
  'ends a session for an attack': {
    alert: ({ viaBrowser }) => alert(viaBrowser),
    operator: ({ viaBrowser }) => ends.these([viaBrowser], 'this', order('attack_pattern')),
  },
  'signs a browser out': {
    page: ({ account, browser }) => own.end(account.id, browser, { keepOffline: true }),
    operator: ({ browser }) => ends.browser(browser, true, 'this', order('ended_by_user')),
  },
};

describe('somebody who', () => {
  it.each(Object.keys(operations))(
    '%s leaves the same events and ends behind wherever it is asked for',
    async (name) => {
      const traces = [];
      for (const way of Object.values(operations[name]!)) {
        const who = await someone();
        const before = JSON.stringify(await traceOf(who));
        await way(who);
        traces.push(await traceOf(who));
        expect(JSON.stringify(traces.at(-1))).not.toBe(before);
      }
      expect(traces.length).toBeGreaterThan(1);
      for (const trace of traces.slice(1)) expect(trace).toEqual(traces[0]);
    },
  );
});

describe('a client', () => {
  const told = (id: string) =>
    database.query(
      "SELECT type, account_id, session_id, data - 'by' AS data FROM event WHERE client_id = $1 AND type <> 'admin.acted'",
      [id],
    );

  it('is registered with the same event at the admin API and at the command line', async () => {
    const { made } = await repairAdministration(foundation);
    const byCommand = await told(made!.client.id);
    const { adminUrl } = foundation.configuration;
    const registration = registrationOfAdministrator('Another one', adminUrl);
    const { client } = await foundation.prisma.$transaction((tx) =>
      clientActs.create(registration, act(), tx),
    );
    expect(byCommand).toHaveLength(1);
    expect(await told(client.id)).toEqual(byCommand);
  });
});

describe('an operation', () => {
  it('that its author may not do changes nothing, and neither does one that fails at its end', async () => {
    const who = await someone();
    const before = await traceOf(who);
    const refused = { by: caller.actor, authorize: () => Promise.reject(new Error('refused')) };
    const failing = {
      by: caller.actor,
      along: (): never => {
        throw new Error('no event');
      },
    };
    for (const author of [refused, failing]) {
      const prepared = await foundation.accounts.preparePassword(who.account.username, `${password}, new`);
      const change = { accountId: who.account.id, password: prepared, endSessions: true };
      await expect(changePassword(foundation, change, author)).rejects.toThrow();
      expect(await traceOf(who)).toEqual(before);
    }
    const network = { username: who.account.username, password, networkKey: seconds(1).toString() };
    expect(await foundation.accounts.verifyPassword(network)).toMatchObject({ kind: 'ok' });
  });
});
