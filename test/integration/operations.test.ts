import { randomUUID } from 'node:crypto';
import {
  type Account,
  OperatorStore,
  type PasswordVerdict,
  Profiles,
  settlementFits,
} from '@curfew/accounts';
import { type AccountFileFormat, ImportRefused, readImport } from '@curfew/accounts/import';
import { FullAdministrators } from '@curfew/clients';
import { loadConfiguration } from '@curfew/config';
import { adminScopeNames } from '@curfew/config/admin-scopes';
import { EndConfirmation, FeedNodeStore } from '@curfew/events';
import { type Foundation, openFoundation } from '@curfew/foundation';
import { changePassword, importAccounts } from '@curfew/operations';
import { type EndReason, seconds, unknownSignals } from '@curfew/session-policy';
import { newId, newSecret } from '@curfew/tokens';
import { pino } from 'pino';
import { Authority } from '../../apps/admin-api/src/access/authority.js';
import { AuthorityStore } from '../../apps/admin-api/src/access/authority.store.js';
import type { Caller } from '../../apps/admin-api/src/access/caller.js';

import { AccountActs } from '../../apps/admin-api/src/accounts/account-acts.js';
import { AccountDetails } from '../../apps/admin-api/src/accounts/account-details.js';
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
    new AccountDetails(accounts, operators, new Profiles(prisma), foundation.identities),
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

const operator = { by: { kind: 'administrator', id: 'ops', ip: null } } as const;
const imported = (lines: readonly object[], dryRun = false) =>
  importAccounts(
    foundation,
    { read: readImport('jsonl', lines.map((line) => JSON.stringify(line)).join('\n')), dryRun },
    operator,
  );
/** The faults of what is refused, as `line member: detail`. */
async function faultsOf(work: () => unknown): Promise<readonly string[]> {
  try {
    await work();
    return [];
  } catch (error) {
    if (!(error instanceof ImportRefused)) throw error;
    return error.faults.map(({ line, member, detail }) => `${line} ${member ?? '-'}: ${detail}`);
  }
}
function faultyFile(format: AccountFileFormat, content: string): void {
  const { faults } = readImport(format, content);
  if (faults.length > 0) throw new ImportRefused(faults);
}
const bcryptOfAbc = '$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i';
let networks = 0;
const signIn = (username: string, password: string): Promise<PasswordVerdict> => {
  networks += 1;
  return foundation.accounts.verifyPassword({ username, password, networkKey: `network ${networks}` });
};
const hashOf = async (username: string) => {
  const rows = await database.query<{ hash: string }>(
    `SELECT password_hash AS hash FROM account WHERE username = '${username}'`,
  );
  return rows[0]?.hash;
};
const numberOf = async (from: string) =>
  (await database.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${from}`))[0]!.n;

describe('an import of accounts', () => {
  it('makes them with their profiles and events, and a repeat of it makes nothing', async () => {
    const lines = [
      {
        username: 'Ada@Example.test',
        email: 'ada@example.test',
        email_verified: true,
        groups: ['staff', 'on call'],
      },
      {
        username: 'bob',
        display_name: 'Bob',
        external_id: 'hr-7',
        disabled: true,
        password_hash: bcryptOfAbc,
      },
      { username: 'cleo', password_hash: '!unusable' },
    ];
    const before = await numberOf('event');
    expect(await imported(lines, true)).toEqual({ created: 3, present: 0 });
    expect([await numberOf('event'), await hashOf('bob')]).toEqual([before, undefined]);
    expect(await imported(lines)).toEqual({ created: 3, present: 0 });
    // One for each, and one more for the account that is disabled.
    expect((await numberOf('event')) - before).toBe(4);
    const ada = (await foundation.accounts.findByUsername('ada@example.test'))!;
    expect(await foundation.profiles.of(ada.id)).toEqual({
      ...{ displayName: null, email: 'ada@example.test', emailVerified: true },
      ...{ groups: ['staff', 'on call'], externalId: null },
    });
    expect((await foundation.accounts.findByUsername('bob'))!.disabledAt).not.toBeNull();
    expect(
      await foundation.accounts.hasPassword((await foundation.accounts.findByUsername('cleo'))!.id),
    ).toBe(false);
    expect(await imported(lines)).toEqual({ created: 0, present: 3 });
    expect((await numberOf('event')) - before).toBe(4);
    expect(
      await faultsOf(() =>
        imported([{ ...lines[1], display_name: 'Robert' }, { username: 'dan' }, { disabled: 1 }]),
      ),
    ).toEqual([
      '1 username: is taken by an account with another profile',
      '3 disabled: must be true or false',
      '3 username: is missing',
    ]);
    expect(await hashOf('dan')).toBeUndefined();
  });

  it('keeps each old hash until the first sign-in, which hashes the password anew', async () => {
    await imported([{ username: 'erin', password_hash: bcryptOfAbc }]);
    expect(await signIn('erin', 'abd')).toMatchObject({ kind: 'invalid', cause: 'wrong_password' });
    expect(await hashOf('erin')).toBe(bcryptOfAbc);
    expect(await signIn('erin', 'abc')).toMatchObject({ kind: 'ok' });
    const anew = await hashOf('erin');
    expect(anew).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await signIn('erin', 'abc')).toMatchObject({ kind: 'ok' });
    expect(await signIn('erin', 'abd')).toMatchObject({ kind: 'invalid' });
    expect(await hashOf('erin')).toBe(anew);
  });

  it('lets any number of first sign-ins at once in, and stores one new hash', async () => {
    await imported([{ username: 'fay', password_hash: bcryptOfAbc }]);
    const hashes = new Set<string | undefined>();
    const verdicts = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const { kind } = await signIn('fay', n % 5 === 0 ? 'wrong' : 'abc');
        if (kind === 'ok') hashes.add(await hashOf('fay'));
        return kind;
      }),
    );
    expect(verdicts).toEqual(verdicts.map((_, n) => (n % 5 === 0 ? 'invalid' : 'ok')));
    expect([...hashes]).toEqual([expect.stringMatching(/^\$argon2id\$/)]);
  });

  it('does not hash anew what was replaced meanwhile, and lets the old password in no more', async () => {
    await imported([{ username: 'gus', password_hash: bcryptOfAbc }]);
    const { id } = (await foundation.accounts.findByUsername('gus'))!;
    const replaced = await foundation.accounts.preparePassword('gus', 'another correct horse');
    // The old hash is read by the attempt; the new one is there before it is written.
    const attempt = signIn('gus', 'abc');
    await changePassword(foundation, { accountId: id, password: replaced, endSessions: true }, operator);
    await attempt;
    expect(await signIn('gus', 'abc')).toMatchObject({ kind: 'invalid' });
    expect(await signIn('gus', 'another correct horse')).toMatchObject({ kind: 'ok' });
  });

  it('lets no first sign-in outlive a change of the password, whether that comes before its verdict or after', async () => {
    const { accounts } = foundation;
    const replaced = await accounts.preparePassword('hal', 'another correct horse');
    let signedIn = 0;
    for (let round = 0; round < 10; round += 1) {
      const username = `hal-${round}`;
      await imported([{ username, password_hash: bcryptOfAbc }]);
      const { id } = (await accounts.findByUsername(username))!;
      const change = () =>
        changePassword(foundation, { accountId: id, password: replaced, endSessions: true }, operator);
      const attempt = accounts.verifyPassword({
        ...{ username, password: 'abc', networkKey: `network of ${username}`, settlesWithSignIn: true },
      });
      if (round % 2 === 0) await change();
      const verdict = await attempt;
      if (verdict.kind !== 'ok') continue;
      signedIn += 1;
      const fits = async () => {
        const values: unknown[] = [];
        const value = (one: unknown, type: string) => `$${values.push(one)}::${type}`;
        const text = `SELECT ${settlementFits(verdict.settlement!, value, true)} AS ok`;
        return (await database.query<{ ok: boolean }>(text, values))[0]!.ok;
      };
      if (round % 2 === 1) {
        expect([await fits(), await hashOf(username)]).toEqual([
          true,
          expect.stringMatching(/^\$argon2id\$/),
        ]);
        await change();
      }
      // The commit of the sign-in holds this condition.
      expect(await fits()).toBe(false);
    }
    expect(signedIn).toBeGreaterThanOrEqual(5);
  });

  const line = (members: object) => JSON.stringify({ username: 'x', ...members });
  it.each<readonly [AccountFileFormat, string, readonly string[]]>([
    ['jsonl', '', ['1 -: has no account']],
    ['jsonl', '\n\n{"username":', ['3 -: must be a JSON object']],
    ['jsonl', '[]\n"x"', ['1 -: must be a JSON object', '2 -: must be a JSON object']],
    ['jsonl', '{}', ['1 username: is missing']],
    [
      'jsonl',
      line(Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`m${n}`, n]))),
      ['1 -: has more than 50 members'],
    ],
    ['jsonl', line({ username: 'a b' }), ['1 username: A username has 1 to 254']],
    ['jsonl', line({ username: 7 }), ['1 username: A username has 1 to 254']],
    ['jsonl', line({ display_name: 'a\u0000b' }), ['1 display_name: A display name has 1 to 200']],
    ['jsonl', line({ email: 'nobody' }), ['1 email: This is not an address of email']],
    ['jsonl', line({ email_verified: true }), ['1 email_verified: is true, and there is no email']],
    ['jsonl', line({ email_verified: 'true' }), ['1 email_verified: must be true or false']],
    ['jsonl', line({ groups: 'staff' }), ['1 groups: must be a list of texts']],
    ['jsonl', line({ groups: [''] }), ['1 groups: An account has at most 200 groups']],
    ['jsonl', line({ disabled: 1 }), ['1 disabled: must be true or false']],
    ['jsonl', line({ password_hash: `$2b$31$${'a'.repeat(53)}` }), ['1 password_hash: costs more than']],
    ['jsonl', line({ password: 'x' }), ['1 password: is no member of an account, which are username']],
    ['jsonl', '{"username":"x","__proto__":{"disabled":true}}', ['1 __proto__: is no member of an account']],
    ['jsonl', line({ 'my secret': 1 }), ['1 another member: is no member of an account']],
    ['jsonl', `${line({})}\n{"username":"X"}`, ['2 username: stands in line 1 already']],
    [
      'jsonl',
      ['a', 'B']
        .map((username) =>
          line({ username, email: `${username === 'a' ? 'q' : 'Q'}@example.test`, email_verified: true }),
        )
        .join('\n'),
      ['2 email: stands in line 1 already'],
    ],
    [
      'csv',
      'username,email\n"a\nb",x\nc,"d',
      ['2 username: A username has', '2 email: This is not', '4 -: has a quotation mark'],
    ],
    ['csv', 'username,username\na,b', ['1 -: names a column twice']],
    ['csv', 'username,email\na', ['2 -: must have 2 cells, as the first line has, and has 1']],
    ['csv', `username\n${'a,'.repeat(50)}`, ['2 -: has more than 50 cells']],
    ['csv', 'name\na', ['2 name: is no member of an account', '2 username: is missing']],
    ['csv', 'username,disabled\na,yes', ['2 disabled: must be true or false']],
    ['csv', 'username\n', ['1 -: has no account']],
  ])('is refused with every fault by line: %s %j', async (format, content, wanted) => {
    const faults = await faultsOf(() => faultyFile(format, content));
    expect(faults).toEqual(wanted.map((fault) => expect.stringContaining(fault)));
  });

  it('refuses lines that were not UTF-8 when they were read', async () => {
    const content = 'username,display_name\nada,Ada\nbob,M\ufffdller\n';
    expect(await faultsOf(() => faultyFile('csv', content))).toEqual([
      '3 -: has characters that are not UTF-8 (U+FFFD); save the file as UTF-8',
    ]);
    const faults = faultsOf(() => imported([{ username: 'm\ufffdller' }, { username: 'ada-in-utf-8' }]));
    expect(await faults).toContainEqual(expect.stringContaining('1 -: has characters that are not UTF-8'));
  });

  it('reads CSV as spreadsheets write it', () => {
    const content =
      '\ufeffusername,display_name,groups,disabled\r\n"ada","L., ""Ada""\r\nx",a; b,TRUE\r\n\r\nbob,,,\r\n';
    // A display name has no second line.
    expect(() => faultyFile('csv', content)).toThrow(ImportRefused);
    const [ada, bob] = readImport('csv', content.replace('\r\nx', '')).accounts;
    expect(ada).toMatchObject({
      ...{ line: 2, username: 'ada', disabled: true },
      profile: { displayName: 'L., "Ada"', groups: ['a', 'b'] },
    });
    expect(bob).toMatchObject({
      line: 4,
      username: 'bob',
      disabled: false,
      profile: { displayName: null, groups: [] },
    });
  });

  it.each<readonly [AccountFileFormat, string, string]>([
    ['jsonl', '{\n', '10001 -: is beyond the 10000 accounts'],
    ['csv', 'a\n', '10002 -: is beyond the 10000 accounts'],
    ['jsonl', '\n', '1 -: has no account'],
    ['csv', '\n', '1 -: has no account'],
    ['csv', '\r\n', '1 -: has no account'],
    ['csv', '"', '1 -: has no account'],
  ])('of 16 MiB of nothing is refused in little time: %s %j', async (format, piece, wanted) => {
    const before = process.cpuUsage();
    const content = piece.repeat(Math.floor(16_777_216 / piece.length));
    const faults = await faultsOf(() => faultyFile(format, content));
    expect(faults).toEqual([expect.stringContaining(wanted)]);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5_000);
  });

  it('with a million columns is refused in little time', async () => {
    const before = process.cpuUsage();
    const content = Array.from({ length: 1_000_000 }, (_, n) => `c${n}`).join(',');
    expect(await faultsOf(() => faultyFile('csv', content))).toEqual(['1 -: has more than 50 cells']);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(5_000);
  });

  it('tells ten thousand faults, and how many more there are', async () => {
    const twoFaults = `${JSON.stringify({ email: 'x', disabled: 1 })}\n`;
    const faults = await faultsOf(() => faultyFile('jsonl', twoFaults.repeat(5_000)));
    expect(faults).toHaveLength(10_001);
    expect(faults.at(-1)).toBe('3334 -: has the first of 5000 more faults');
  });

  it('is all or nothing where others take names and addresses at the same time', async () => {
    const lines = (email: string) =>
      Array.from({ length: 60 }, (_, n) => ({
        ...{ username: `race-${n}`, email: `${email}-${n}@example.test`, email_verified: true },
      }));
    const outcomes = await Promise.allSettled(
      ['one', 'two', 'three', 'four'].map((name) => imported(lines(name))),
    );
    const won = outcomes.filter(({ status }) => status === 'fulfilled');
    expect(won).toHaveLength(1);
    for (const one of outcomes)
      if (one.status === 'rejected') expect((one.reason as ImportRefused).faults).toHaveLength(60);
    expect(await numberOf("account WHERE username LIKE 'race-%'")).toBe(60);
    expect(
      await numberOf(
        "(SELECT DISTINCT split_part(email, '-', 1) FROM account_profile WHERE email ~ '^(one|two|three|four)-') e",
      ),
    ).toBe(1);
  });

  it('of ten thousand accounts is done in under a minute, beside sign-ins', async () => {
    const lines = Array.from({ length: 10_000 }, (_, n) => ({
      ...{ username: `many-${n}`, email: `many-${n}@example.test`, email_verified: true, groups: ['staff'] },
      password_hash: bcryptOfAbc,
    }));
    const started = performance.now();
    let isOver = false;
    const import_ = imported(lines).finally(() => {
      isOver = true;
    });
    const beside: number[] = [];
    while (!isOver) {
      const asked = performance.now();
      expect((await signIn('erin', 'abc')).kind).toBe('ok');
      beside.push(performance.now() - asked);
    }
    expect(await import_).toEqual({ created: 10_000, present: 0 });
    expect(performance.now() - started).toBeLessThan(60_000);
    expect(beside.length).toBeGreaterThan(0);
    if (process.env['CURFEW_TEST_FIGURES'])
      console.log({ seconds: (performance.now() - started) / 1000, slowestSignIn: Math.max(...beside) });
    expect(await faultsOf(() => imported([...lines, { username: 'one-more' }] as typeof lines))).toEqual([
      expect.stringContaining('10001 -: is beyond the 10000 accounts'),
    ]);
  }, 120_000);
});
