import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { authenticatorsOf } from '../../libs/accounts/src/factors/factor-lock.js';
import { type AdminAnswer, type AdminWorld, deviceGrant, orders } from '../e2e/admin-world.js';
import { IdentityProvider } from '../support/identity-provider.js';
import { Person } from '../support/person.js';
import { plantCounts } from '../support/planted-counts.js';
import { populationUnder } from '../support/population.js';

/** An installation that people have used: the pages of the console have something to show. */
export interface Life {
  /** A person with a session, groups and a second factor, and their live session. */
  readonly account: string;
  readonly sid: string;
  /** A session that ended for theft. */
  readonly stolen: string;
  /** An application whose evidence is whole, and the policy that is attached to it. */
  readonly client: string;
  readonly policy: string;
  readonly provider: IdentityProvider;
  /** An application in which people sign in, at the address that it sends them to. */
  readonly shop: string;
}

/** The address to which the shop has people sent back. */
export const shopAddress = 'https://greengrocer.example.test/callback';

/** The body of an answer that is no refusal. */
const done = ({ status, text, body }: AdminAnswer) => {
  if (status >= 300) throw new Error(`answered ${status}: ${text}`);
  return body;
};

/** Their usernames. */
export const people = [
  ...['anna.keller', 'bilal.aydin', 'carla.rossi', 'dmitri.volkov', 'elif.kaya', 'femi.adeyemi'],
  ...['greta.lindqvist', 'hugo.martin', 'ines.costa', 'jonas.weber', 'kenji.sato', 'lea.dubois'],
].map((name) => `${name}@example.test`);

const browsers = [
  ['Firefox', 'Windows', '203.0.113.7', 'DE'],
  ['Chrome', 'Android', '198.51.100.23', 'FR'],
  ['Safari', 'iOS', '2001:db8:7::1', 'IT'],
  ['Edge', 'Windows', '203.0.113.90', 'DE'],
  ['Chrome', 'macOS', '192.0.2.41', 'GB'],
] as const;

/** The password of one of them. */
export const passwordOf = (username: string): string => `a password of ${username}`;

/** Copies a session for everybody, in other browsers, begun and last active at other times. */
async function sessionsLike({ database }: AdminWorld, sid: string, accounts: readonly string[]) {
  const signals = browsers.map(([userAgentFamily, operatingSystem, ip, country]) => ({
    ...{ userAgentFamily, operatingSystem, ip, country },
  }));
  await database.query(
    `INSERT INTO session SELECT (jsonb_populate_record(s, jsonb_build_object(
       'id', gen_random_uuid(), 'account_id', account, 'token_hash', '\\x' || md5(random()::text) || md5(random()::text),
       'baseline', s.baseline || ($3::jsonb -> ((n * 7 + at::int) % 5)), 'browser_session_uid', gen_random_uuid(),
       'started_at', s.started_at - make_interval(mins => n * 17 + at::int), 'signed_in_at', s.signed_in_at - make_interval(mins => n * 17 + at::int),
       'last_active_at', s.last_active_at - make_interval(secs => n * 190 + at * 31)))).*
     FROM session s, generate_series(1, 3) n, unnest($2::uuid[]) WITH ORDINALITY AS of(account, at) WHERE s.id = $1`,
    [sid, accounts, JSON.stringify(signals)],
  );
}

/** A policy of the example web application with four revisions, a shadow, a canary and proposals. */
async function aPolicy(admin: AdminWorld): Promise<string> {
  const name = 'staff';
  const { client_id } = admin.data.clients.web;
  done(await admin.post('/v1/policies', { name, settings: { basedOn: 'standard' } }));
  const put = async (path: string, body: object, headers = {}) =>
    done(await admin.call('PUT', path, { body, headers }));
  const change = (version: number, settings: object) =>
    put(
      `/v1/policies/${name}`,
      { settings: { basedOn: 'standard', ...settings } },
      { 'if-match': `"${version}"` },
    );
  await change(1, { absoluteLifetime: '10h' });
  await change(2, { absoluteLifetime: '10h', inactivityTimeout: '30m', retryWindow: '20s' });
  await put('/v1/policy-attachments', { target: { kind: 'client', client_id }, policy: name });
  await admin.database.query(
    'UPDATE policy SET created_at = now() - make_interval(days => 30 - 7 * version) WHERE name = $1',
    [name],
  );
  await put(`/v1/policies/${name}/shadow`, { inactivity_timeout: '10m' });
  const budget = { kind: 'sign_ins_per_person_day', max: 2 };
  await put(`/v1/policies/${name}/adaptation`, { mode: 'propose', floor: '10m', ceiling: '1h', budget });
  const propose = async (to: number) => {
    const id = randomUUID();
    await admin.database.query(
      `INSERT INTO policy_proposal (id, policy, status, from_timeout, to_timeout, numbers, made_at)
       VALUES ($1, $2, 'open', 1800, $3, '{"accounts": 200}', now())`,
      [id, name, to],
    );
    return id;
  };
  const declined = await propose(1_200);
  const note = 'not in the busiest week of the year';
  done(await admin.post(`/v1/policies/${name}/proposals/${declined}/decline`, { note }));
  await propose(1_380);
  return name;
}

/** An account with a profile, an authenticator app and browsers that are remembered. */
async function aFullAccount(admin: AdminWorld, account: string): Promise<void> {
  const { database } = admin;
  const profile = { display_name: 'Anna Keller', email: 'anna.keller@example.test', email_verified: true };
  const body = { ...profile, groups: ['staff', 'warehouse'] };
  done(await admin.call('PATCH', `/v1/accounts/${account}`, { body }));
  await database.query(
    `INSERT INTO totp_factor (account_id, secret, created_at, confirmed_at, last_used_at)
     VALUES ($1, '\\x00', now() - interval '40 days', now() - interval '40 days', now() - interval '3 hours')`,
    [account],
  );
  await database.query(`UPDATE account SET second_factors = '{totp}' WHERE id = $1`, [account]);
  const { version } = await authenticatorsOf(account, database.prisma());
  await database.query(
    `INSERT INTO remembered_browser (token_hash, account_id, browser_session_uid, authenticators_hash, browser, system, created_at, expires_at)
     SELECT decode(md5(b) || md5(b), 'hex'), $1, gen_random_uuid(), sha256(convert_to($2, 'UTF8')), b, s, now() - interval '2 days', now() + interval '28 days'
     FROM (VALUES ('Firefox', 'Windows'), ('Safari', 'iOS')) AS of(b, s)`,
    [account, version],
  );
}

async function whatIsKept(admin: AdminWorld): Promise<void> {
  const make = async (path: string, body: object) => done(await admin.post(path, body));
  await make('/v1/resources', {
    audience: 'https://reports.example.test',
    name: 'Reports',
    scopes: ['reports:read', 'reports:write'],
  });
  const routes = [
    { name: 'orders', path: '/orders/**', resource: orders, methods: ['GET'] },
    { name: 'orders-change', path: '/orders/**', resource: orders, scopes: ['orders:write'] },
    { name: 'reports', path: '/reports/**', resource: 'https://reports.example.test' },
  ];
  for (const [at, route] of routes.entries())
    await make('/v1/gateway-routes', {
      ...route,
      position: (at + 1) * 10,
      hosts: ['shop.example.test'],
    });
  await make('/v1/receivers', {
    name: 'Ticket desk',
    address: 'http://127.0.0.1:9/events',
    event_types: ['client.changed'],
  });
  await make('/v1/receivers', {
    ...{ name: 'Alarm', address: 'https://alarm.example.test/', event_types: ['alert.raised'] },
  });
  for (const client_name of ['Warehouse scanner', 'Field app', 'Night reports'])
    await make('/v1/clients', {
      client_name,
      grant_types: [deviceGrant, 'refresh_token'],
      token_endpoint_auth_method: 'none',
      resources: [orders],
    });
}

/** An application of the browser with a look of its own, whose policy asks for a second step soon; its id. */
async function aShop(admin: AdminWorld): Promise<string> {
  const made = done(
    await admin.post('/v1/clients', {
      ...{ client_name: 'Greengrocer', redirect_uris: [shopAddress], resources: [orders] },
      ...{ accent_color_light: '#0b5d3b', accent_color_dark: '#8fdcaa' },
      logo_png: readFileSync('test/fixtures/logo.png').toString('base64'),
    }),
  );
  const settings = { basedOn: 'standard', enrolmentDays: 7 };
  done(await admin.post('/v1/policies', { name: 'second-step', settings }));
  const target = { kind: 'client', client_id: made.client_id };
  done(await admin.call('PUT', '/v1/policy-attachments', { body: { target, policy: 'second-step' } }));
  return made.client_id;
}

/** An identity provider with which one of the people signs in, and a host whose documents introduce an application. */
async function aCompany(admin: AdminWorld, account: string): Promise<IdentityProvider> {
  const provider = await IdentityProvider.start();
  done(
    await admin.post('/v1/identity-providers', {
      ...{ id: 'company', name: 'Company account', issuer: provider.issuer },
      ...{ client_id: provider.clientId, client_secret: provider.clientSecret },
    }),
  );
  await admin.database.query(
    `INSERT INTO linked_identity (issuer, subject, account_id, created_at, last_used_at)
     VALUES ($1, '248289761001', $2, now() - interval '9 days', now() - interval '5 hours')`,
    [provider.issuer, account],
  );
  done(await admin.call('PUT', '/v1/client-hosts/agents.example.test', { body: { resources: [orders] } }));
  await admin.database.query(
    `INSERT INTO client SELECT (jsonb_populate_record(c, jsonb_build_object(
       'id', 'https://agents.example.test/desk.json', 'name', 'Desk agent', 'document_fresh_until', now() + interval '1 hour'))).*
     FROM client c WHERE c.id = $1`,
    [admin.data.clients.device.client_id],
  );
  return provider;
}

/** Has people use an installation of a first start: they sign in, time out, are robbed and are thrown out. */
export async function live(admin: AdminWorld): Promise<Life> {
  const accounts: string[] = [];
  for (const username of people)
    accounts.push(done(await admin.post('/v1/accounts', { username, password: passwordOf(username) })).id);
  await whatIsKept(admin);
  const policy = await aPolicy(admin);
  const named = (at: number) => new Person(people[at]!, passwordOf(people[at]!));
  const { sid } = await admin.signIn(named(0));
  await sessionsLike(admin, sid, accounts);
  const robbed = await admin.signIn(named(1));
  await admin.reuse(robbed);
  const own = named(2);
  await admin.endOwn(own, await admin.signIn(own));
  const ended = await admin.signIn(named(3));
  await admin.call('DELETE', `/v1/sessions/${ended.sid}?note=${encodeURIComponent('a lost laptop')}`);
  await aFullAccount(admin, accounts[0]!);
  const { client_id: client } = admin.data.clients.web;
  // A shadow has marked some, and those of the example web application are under its policy.
  await admin.database.query(
    `UPDATE session SET client_id = $1, shadow_end = clock_timestamp(), shadow_used_after = 900
     WHERE id IN (SELECT id FROM session WHERE ended_at IS NULL AND id <> $2 ORDER BY last_active_at LIMIT 14)`,
    [client, sid],
  );
  const seen = populationUnder(1_800, { people: 420, days: 7, giveUpShare: 0.12, seed: 21 });
  for (const one of [client, '']) await plantCounts(admin.database, one, seen, 24);
  // People who are back at work have seen the sign-in page, and proved who they are.
  await admin.database.query(
    `INSERT INTO gap_histogram (client_id, inactivity_timeout, day, fold, arm, kind, counts)
     SELECT client_id, inactivity_timeout, day, fold, arm, step, counts FROM gap_histogram, unnest('{shown,proved}'::text[]) step WHERE kind = 'resumed'
     ON CONFLICT (client_id, inactivity_timeout, day, fold, arm, kind) DO UPDATE SET counts = excluded.counts`,
  );
  for (const [at, [pattern, severity]] of [
    ['reuse_wave', 'high'],
    ['unknown_token_spray', 'low'],
  ].entries())
    await admin.database.query(
      `INSERT INTO event (id, at, type, data) VALUES (gen_random_uuid(), clock_timestamp() - make_interval(mins => $2), 'alert.raised', $1)`,
      [JSON.stringify({ pattern, severity, observed: 31, threshold: 20, window: 300 }), at * 9],
    );
  const provider = await aCompany(admin, accounts[0]!);
  return {
    account: accounts[0]!,
    sid,
    stolen: robbed.sid,
    client,
    policy,
    provider,
    shop: await aShop(admin),
  };
}
