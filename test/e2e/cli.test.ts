import { spawn } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { assertInvariants } from '../support/database.js';
import { AdminWorld } from './admin-world.js';
import { runCommandLine } from './command-line.js';

let world: AdminWorld;
let folder: string;

beforeAll(async () => {
  world = await AdminWorld.start();
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-cli-'));
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await world?.stop();
});

const environment = () => ({
  PATH: process.env['PATH'] ?? '',
  DATABASE_URL: world.database.url,
  CURFEW_ISSUER: world.server.issuer,
  CURFEW_ADMIN_URL: world.adminUrl,
  CURFEW_KEY_ENCRYPTION_SECRETS: world.server.environment['CURFEW_KEY_ENCRYPTION_SECRETS']!,
});

/** Runs the command line as a script would. */
function curfew(args: readonly string[], env: Record<string, string> = environment(), input = '') {
  const dev = env['CURFEW_HOME'] ? [] : ['--dev-file', world.server.environment['CURFEW_DEV_FILE']!];
  return runCommandLine([...dev, ...args], env, input);
}

describe('the command line', () => {
  it('shows what lives at a glance', async () => {
    await world.signIn();
    const { code, out } = await curfew(['status']);
    expect(code).toBe(0);
    expect(out).toMatch(/live sessions\s+\d+/);
  });

  it('plays no scenario that moves the clock where nobody may, and makes nothing', async () => {
    const { code, err } = await curfew(['scenario', 'run', 'idle-end', 'database-away']);
    expect([code, err]).toEqual([1, expect.stringContaining('CURFEW_VIRTUAL_CLOCK is not true here')]);
    expect(await world.call('GET', '/v1/clock')).toMatchObject({ status: 200, body: { movable: false } });
    const moved = await world.call('POST', '/v1/clock/advance', { body: { seconds: 60 } });
    expect([moved.status, moved.body.code]).toEqual([409, 'clock_not_movable']);
    const played = await world.call('POST', '/v1/scenarios/two-tabs/plays');
    expect([played.status, played.body.code]).toEqual([409, 'scenarios_are_off']);
  });

  it('plays a scenario that moves no clock anywhere', async () => {
    const { code, out } = await curfew(['scenario', 'run', 'lost-answer']);
    expect([code, out]).toEqual([0, expect.stringContaining('passed: lost-answer')]);
  });

  it('lists, shows and ends a session, and the token dies', async () => {
    const { sid, access_token } = await world.signIn();
    const listed = await curfew([
      'sessions',
      'list',
      '--state',
      'live',
      '--account',
      world.data.accounts[0]!.username,
      '--json',
    ]);
    expect(listed.json.map(({ id }: { id: string }) => id)).toContain(sid);
    expect((await curfew(['sessions', 'show', sid])).out).toMatch(/state\s+live/);
    const ended = await curfew(['sessions', 'end', sid, '--note', 'laptop stolen']);
    expect([ended.code, ended.out]).toEqual([0, expect.stringMatching(/^Ended 1 session/)]);
    expect(await world.introspect(access_token)).toEqual({ active: false });
    expect((await curfew(['sessions', 'show', sid])).out).toMatch(/note\s+laptop stolen/);
    expect((await curfew(['sessions', 'end', sid])).out).toMatch(/^Nothing was ended/);
  });

  it('says whose a session is, who ended it and of which class a reuse was', async () => {
    const { username } = world.data.accounts[0]!;
    const person = world.person();
    const [own, reused, operated] = [
      await world.signIn(person),
      await world.signIn(person),
      await world.signIn(person),
    ];
    await world.endOwn(person, own);
    await world.reuse(reused);
    await world.call('DELETE', `/v1/sessions/${operated.sid}`);
    const { client_id: operator } = world.data.clients.admin;
    const [listed, ended, found, ...shown] = await Promise.all([
      curfew(['sessions', 'list', '--account', username, '--state', 'ended']),
      curfew(['events', '--type', 'session.ended', '--account', username]),
      curfew(['events', '--type', 'session.reuse_found', '--account', username]),
      ...[own, reused, operated].map(({ sid }) => curfew(['sessions', 'show', sid])),
    ]);
    const lineOf = (out: string, { sid }: { sid: string }) =>
      out.split('\n').find((line) => line.includes(sid)) ?? '';
    const says = (line: string, words: readonly string[]) => words.filter((word) => !line.includes(word));
    const person1 = `by user ${username}`;
    const admin = `by administrator ${operator} from 127.0.0.1`;
    expect({
      own: says(lineOf(listed.out, own), ['ended_by_user', username, person1]),
      reused: says(lineOf(listed.out, reused), ['refresh_token_reuse', username, 'stale_lineage']),
      operated: says(lineOf(listed.out, operated), ['ended_by_administrator', username, admin]),
    }).toEqual({ own: [], reused: [], operated: [] });
    expect({
      own: says(lineOf(ended.out, own), ['ended_by_user', `account ${username}`, person1]),
      reused: says(lineOf(ended.out, reused), ['refresh_token_reuse', 'stale_lineage', username]),
      operated: says(lineOf(ended.out, operated), [`account ${username}`, admin]),
      found: says(lineOf(found.out, reused), ['stale_lineage', `account ${username}`]),
    }).toEqual({ own: [], reused: [], operated: [], found: [] });
    for (const { out } of shown) expect(out).toContain(`${username} (`);
    expect(shown[0]!.out).toMatch(
      new RegExp(`by +user ${username}[\\s\\S]+session\\.ended.+user ${username}`),
    );
    expect(shown[1]!.out).toMatch(/cause +stale_lineage[\s\S]+session\.reuse_found.+stale_lineage/);
    expect(shown[2]!.out).toMatch(/by +administrator .+[\s\S]+session\.ended.+administrator/);
  });

  it('lists, shows and signs out a browser, and says so where a session takes it along', async () => {
    const person = world.person(1);
    const { username } = world.data.accounts[1]!;
    await person.follow(`${world.server.issuer}/sign-in`, ({ url }) => url.pathname === '/');
    const browsers = async () =>
      (await curfew(['browsers', 'list', '--account', username, '--state', 'live', '--json'])).json;
    const [{ uid }] = await browsers();
    const shown = await curfew(['browsers', 'show', '--', uid]);
    expect(shown.out).toMatch(/state\s+live[\s\S]+signin\.succeeded/);
    expect((await curfew(['browsers', 'end', '--dry-run', '--', uid])).out).toMatch(/Nothing was ended/);
    const ended = await curfew(['browsers', 'end', '--reason=policy_changed', '--note', 'lost', '--', uid]);
    expect(ended.out).toMatch(/^Signed the browser out; ended 0 session\(s\)\./);
    expect(await browsers()).toEqual([]);
    expect((await curfew(['browsers', 'show', '--', uid])).out).toMatch(/policy_changed[\s\S]+note\s+lost/);
    expect((await curfew(['browsers', 'end', '--', uid])).out).toMatch(/^Nothing was ended/);
    expect((await curfew(['browsers', 'show', 'nobody'])).code).toBe(3);
    const { sid } = await world.signIn(person);
    const alone = await curfew(['sessions', 'end', sid, '--only-this-session']);
    expect(alone.out).toMatch(/^Ended 1 session\(s\)\. /);
    const whole = await curfew(['sessions', 'end', '--account', username, '--only-this-session', '--yes']);
    expect([whole.code, whole.err]).toEqual([2, expect.stringContaining('only_this_session')]);
  });

  it('counts first, asks before it ends many, and does nothing where nobody can be asked', async () => {
    const { access_token } = await world.signIn(world.person(1));
    const { username } = world.data.accounts[1]!;
    const counted = await curfew(['sessions', 'end', '--account', username, '--dry-run', '--json']);
    expect(counted.json).toMatchObject({ dry_run: true, matched: 1 });
    const refused = await curfew(['sessions', 'end', '--account', username]);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('--yes')]);
    expect(await world.introspect(access_token)).toMatchObject({ active: true });
    const done = await curfew(['sessions', 'end', '--account', username, '--yes', '--json']);
    expect(done.json).toMatchObject({ recorded: 1, complete: true });
    expect(await world.introspect(access_token)).toEqual({ active: false });
  });

  it('is the client of the installation whose folder CURFEW_HOME names', async () => {
    const home = path.join(folder, 'home');
    await mkdir(home);
    const asked = () => curfew(['status'], { ...environment(), CURFEW_HOME: home });
    expect(await asked()).toMatchObject({ code: 2, err: expect.stringContaining(`${home}/dev.json`) });
    await copyFile(world.server.environment['CURFEW_DEV_FILE']!, path.join(home, 'dev.json'));
    expect(await asked()).toMatchObject({ code: 0, out: expect.stringContaining('live sessions') });
  });

  it('tells by its exit code what went wrong', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    const cases: [string[], number, Record<string, string>?][] = [
      [['sessions', 'show', nobody], 3],
      [['sessions', 'show', 'x'], 2],
      [['sessions', 'nothing'], 2],
      [['sessions', 'list', '--state', 'sleeping'], 2],
      [['sessions', 'list', '--started-after', 'yesterday'], 2],
      [['sessions', 'end'], 2],
      [['status'], 4, { ...environment(), CURFEW_CLI_CLIENT_SECRET: 'wrong' }],
      [['status'], 6, { ...environment(), CURFEW_ISSUER: 'http://localhost:1' }],
      [['apply', '-f', 'no-such-file'], 2],
      [['--help'], 0],
    ];
    const finished = await Promise.all(cases.map(([args, , env]) => curfew(args, env)));
    for (const [index, [args, expected]] of cases.entries()) {
      const { code, err } = finished[index]!;
      expect([args.join(' '), code]).toEqual([args.join(' '), expected]);
      expect(err).not.toMatch(/at .*\.js:\d+|cfw_cs_/);
    }
    // A mistyped value is shown to the person who typed it.
    expect(finished[0]!.err).toContain(
      `There is no such session, or it was deleted after its retention. (unknown_session): "${nobody}"`,
    );
    expect(finished[1]!.err).toContain('path/id "x": must be a UUID');
  });

  it('takes the secret from a file or from standard input, and never shows it', async () => {
    const { client_id, client_secret } = world.data.clients.admin;
    const file = path.join(folder, 'secret');
    await writeFile(file, `${client_secret}\n`, { mode: 0o600 });
    const flags = [
      '--dev-file',
      path.join(folder, 'none.json'),
      '--client-id',
      client_id,
      '--client-secret-file',
    ];
    const [read, { code, out, err }, blank] = await Promise.all([
      curfew([...flags, file, 'status']),
      curfew([...flags, '-', 'status'], environment(), `${client_secret}\n`),
      curfew([...flags, '-', 'status'], environment(), ` ${client_secret}`),
    ]);
    expect([read.code, code, blank.code]).toEqual([0, 0, 4]);
    expect(out + err + blank.err).not.toContain(client_secret);
  });

  it('makes what a file describes true, and changes nothing the second time', async () => {
    const file = path.join(folder, 'curfew.yaml');
    const text = (idle: string) => `
everyone: standard
policies:
  shop: { basedOn: standard, inactivityTimeout: ${idle} }
resources:
  https://shop.example.test: { name: Shop API, scopes: [read, write], policy: nist-aal2 }
clients:
  shop:
    client_name: Shop
    redirect_uris: [https://shop.example.test/callback]
    grant_types: [authorization_code, refresh_token]
    resources: [https://shop.example.test]
    policy: shop
gateway_routes:
  shop-hours: { position: 1, resource: https://shop.example.test, hosts: [shop.example.test], path: /hours, public: true }
`;
    await writeFile(file, text('20m'));
    const planned = await curfew(['apply', '-f', file, '--dry-run', '--json']);
    expect(planned.code).toBe(7);
    expect(
      planned.json.plan.map(({ action, kind }: { action: string; kind: string }) => `${action} ${kind}`),
    ).toEqual([
      'create policy',
      'create resource',
      'create client',
      'create route',
      'attach attachment',
      'attach attachment',
      'attach attachment',
    ]);
    const applied = await curfew(['apply', '-f', file, '--yes', '--json']);
    expect(applied.code).toBe(0);
    expect(applied.json.secrets).toEqual([
      { client_id: 'shop', client_secret: expect.stringMatching(/^cfw_cs_/) },
    ]);
    expect((await curfew(['apply', '-f', file, '--json'])).json).toEqual({
      plan: [],
      applied: false,
      secrets: [],
    });
    await writeFile(file, text('25m'));
    const changed = await curfew(['policies', 'apply', '-f', file, '--yes', '--json']);
    expect(changed.json.plan).toEqual([
      { action: 'change', kind: 'policy', name: 'shop', fields: ['inactivityTimeout'] },
    ]);
    expect((await curfew(['apply', '-f', file])).out).toBe('Nothing to change.\n');
    await writeFile(file, text('25m').replace('public: true', 'scopes: [read]'));
    const closed = await curfew(['apply', '-f', file, '--yes', '--json']);
    expect(closed.json.plan).toEqual([
      { action: 'change', kind: 'route', name: 'shop-hours', fields: ['public', 'scopes'] },
    ]);
    expect((await curfew(['apply', '-f', file])).out).toBe('Nothing to change.\n');
    await writeFile(file, 'policies: { shop: { basedOn: standard, inactivityTimeout: 1s } }\nclient: {}\n');
    const wrong = await curfew(['apply', '-f', file, '--yes']);
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining(
        `${file}:2: client: is not known here; known are everyone, policies, resources`,
      ),
    ]);
  }, 120_000);

  it('says of each fault in a file where it is, what is written there and what is right, and changes nothing', async () => {
    const file = path.join(folder, 'faults.yaml');
    const good = 'policies:\n  half: { basedOn: standard, inactivityTimeout: 20m }\n';
    const snapshot = async () =>
      JSON.stringify([
        (await world.get('/v1/policies?limit=200')).body,
        (await world.get('/v1/clients?limit=200')).body,
        (await world.get('/v1/resources?limit=200')).body,
        (await world.get('/v1/policy-attachments?limit=200')).body,
      ]);
    const before = await snapshot();
    const cases: [text: string, told: RegExp][] = [
      [
        'clients:\n  a:\n    client_name: A\n    redirect_uri: https://a.example.test/\n',
        /:6: clients\.a\.redirect_uri "https.*: is not known here; known are client_name, redirect_uris/,
      ],
      [
        'clients:\n  a:\n    client_name: A\n    redirect_uris:\n      - http://a.example.test/\n',
        /:7: clients\.a\.redirect_uris\.0 "http:.*must/,
      ],
      ['clients:\n  a:\n    client_name: null\n', /:5: clients\.a\.client_name null: must be a text/],
      [
        'clients:\n  a:\n    client_name: A\n    grant_types: [password]\n',
        /:6: clients\.a\.grant_types\.0 "password": must be one of authorization_code/,
      ],
      [
        'clients:\n  a:\n    client_name: A\n    grant_types: [client_credentials]\n    resources: [https://no.example.test]\n',
        /clients\.a\.resources\.0 "https:.*must name a registered resource/,
      ],
      [
        'resources:\n  https://r.example.test: { policy: half }\n',
        /:4: resources\.https:\/\/r\.example\.test\.name: /,
      ],
      [
        'resources:\n  https://r.example.test: { name: R, scopes: [openid] }\n',
        /:4: resources\.https:.*scopes\.0 "openid": must not be a scope of OpenID Connect/,
      ],
      ['everyone: nobody\n', /:3: everyone "nobody": There is no such policy/],
      [
        'gateway_routes:\n  r: { position: 1, resource: https://no.example.test, hosts: [x.example.test] }\n',
        /:4: gateway_routes\.r: There is no API/,
      ],
      ['everyone: 5\n  x: 1\n', /:\d+: is neither YAML nor JSON: /],
      [
        `resources:\n  ${world.adminUrl}: { name: X, scopes: [] }\n`,
        /:4: resources\.http.*Nobody could administer in full/,
      ],
    ];
    for (const [text, told] of cases) {
      await writeFile(file, good + text);
      for (const flag of ['--dry-run', '--yes']) {
        const { code, err, out } = await curfew(['apply', '-f', file, flag]);
        expect([text, out, code === 0 || code === 7, err]).toEqual([
          text,
          '',
          false,
          expect.stringMatching(told),
        ]);
      }
    }
    // Faults of several entries are told at once.
    await writeFile(
      file,
      'clients:\n  a: { client_name: A }\n  b: { client_name: B, grant_types: [], resource: https://no.example.test }\n',
    );
    const { err } = await curfew(['apply', '-f', file, '--yes']);
    expect(err).toMatch(/:2: clients\.a[\s\S]*:3: clients\.b\.resource/);
    expect(await snapshot()).toBe(before);
  }, 120_000);

  it('makes the example of the documents true, and nothing of a plan that is out of date', async () => {
    const file = 'docs/examples/curfew.yaml';
    const applied = await curfew(['apply', '-f', file, '--yes', '--json']);
    expect([applied.code, applied.err]).toEqual([0, '']);
    expect(applied.json.secrets.map(({ client_id }: { client_id: string }) => client_id)).toEqual(
      expect.arrayContaining(['nightly-report', 'orders-api']),
    );
    expect((await curfew(['apply', '-f', file])).out).toBe('Nothing to change.\n');
    const stale = await world.post('/v1/apply', {
      description: { policies: { shop: { basedOn: 'kiosk' } } },
      expected_plan: '0'.repeat(64),
    });
    expect([stale.status, stale.body.code]).toEqual([412, 'plan_changed']);
    expect((await curfew(['apply', '-f', file])).out).toBe('Nothing to change.\n');
  });

  it('registers a client from flags, and sets the timeout of an API by a policy of its own', async () => {
    const made = await curfew([
      'clients',
      'create',
      'lamp',
      '--name',
      'Lamp',
      '--grant',
      'device_code',
      '--auth',
      'none',
      '--json',
    ]);
    expect(made.json).toMatchObject({
      client_id: 'lamp',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
    });
    const refused = await curfew(['clients', 'create', '--name', 'x', '--redirect-uri', 'nowhere']);
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining('redirect_uris/0')]);
    const api = 'https://orders.example.test';
    const idle = (...more: string[]) => curfew(['policies', 'set-idle', api, '14m', ...more]);
    const planned = await idle('--dry-run');
    expect([planned.code, planned.out]).toEqual([
      7,
      expect.stringMatching(/create +policy +orders[\s\S]*live session\(s\) would end now/),
    ]);
    expect((await idle('--yes')).code).toBe(0);
    expect((await idle('--yes')).out).toBe('Nothing to change.\n');
    const { policy } = (await world.get(`/v1/resources/${encodeURIComponent(api)}`)).body;
    expect((await world.get(`/v1/policies/${policy}`)).body.settings.inactivityTimeout).toBe('14m');
    const wrong = await curfew(['policies', 'set-idle', api, '14', '--yes']);
    expect([wrong.code, wrong.err]).toEqual([
      2,
      expect.stringContaining('inactivityTimeout "14": must be a duration such as "15m"'),
    ]);
  }, 120_000);

  it('lints and previews policies', async () => {
    const file = path.join(folder, 'policy.yaml');
    await writeFile(file, 'basedOn: standard\nretryLimit: 0\n');
    const linted = await curfew(['policies', 'lint', file]);
    expect([linted.code, linted.out]).toEqual([7, expect.stringContaining('retryLimit')]);
    expect(linted.out).toMatch(/does not keep the idle timeout of PCI DSS/);
    await writeFile(file, 'basedOn: pci-dss\n');
    expect((await curfew(['policies', 'lint', file])).code).toBe(0);
    await world.signIn();
    const preview = await curfew(['policies', 'preview', 'kiosk', '--everyone', '--json']);
    expect(preview.json).toMatchObject({ would_end: 0 });
    expect(preview.json.live).toBeGreaterThan(0);
  });

  it('keeps accounts and clients', async () => {
    const created = await curfew(['accounts', 'create', 'ada@example.test', '--json']);
    expect(created.json).toMatchObject({ username: 'ada@example.test', must_change_password: true });
    expect((await curfew(['accounts', 'create', 'ada@example.test'])).code).toBe(5);
    expect(
      (await curfew(['accounts', 'operator', 'ada@example.test', 'sessions:read', '--json'])).json,
    ).toMatchObject({
      operator_scopes: ['sessions:read'],
    });
    const unasked = await curfew(['accounts', 'disable', 'ada@example.test']);
    expect([unasked.code, unasked.err]).toEqual([2, expect.stringContaining('add --yes to do it')]);
    const { out: disabled, err: aside } = await curfew(['accounts', 'disable', 'ada@example.test', '--yes']);
    expect([disabled, aside]).toEqual([expect.stringMatching(/^Done\. 0 session/), '']);
    expect((await curfew(['accounts', 'list', '--prefix', 'ada'])).out).toMatch(
      /ada@example\.test\s+disabled/,
    );
    expect((await curfew(['accounts', 'delete', 'ada@example.test', '--yes'])).code).toBe(0);
    const people = path.join(folder, 'people.csv');
    const imported = (...more: string[]) => curfew(['accounts', 'import', people, ...more]);
    await writeFile(people, 'username,email\neve,\nfay,nobody\nEve,eve@example.test\n');
    const told = /people\.csv:3: email .+\n.+people\.csv:4: username stands in line 2 already/;
    expect(await imported()).toMatchObject({ code: 2, err: expect.stringMatching(told) });
    await writeFile(people, 'username,email\neve,eve@example.test\nfay,\n');
    expect((await imported('--dry-run')).out).toBe('2 account(s) would be imported.\n');
    expect((await imported()).out).toBe('2 account(s) imported.\n');
    expect((await imported()).out).toBe('0 account(s) imported, 2 are there already.\n');
    const { client_id } = world.data.clients.service;
    expect((await curfew(['clients', 'secret', client_id, '--json'])).json.secrets).toHaveLength(2);
    expect((await curfew(['clients', 'show', client_id])).out).toContain('client_credentials');
    const look = (...args: string[]) =>
      curfew(['clients', 'look', world.data.clients.web.client_id, ...args]);
    expect(await look('--accent-light', '#ffd400')).toMatchObject({
      code: 2,
      err: expect.stringContaining('it has 1.'),
    });
    const { out } = await look('--logo', 'test/fixtures/logo.png', '--accent-light', '#0b5d3b');
    expect(out).toMatch(/logo\s+\d+ bytes\nlight\s+#0b5d3b\ndark\s+none/);
    expect((await look('--logo', 'none', '--accent-light', 'none')).out).toMatch(/logo\s+none\nlight\s+none/);
    expect((await look()).err).toContain('name at least one of');
  }, 60_000);

  it('gives a client the right to act for people at an API, bounded, and takes it away', async () => {
    const { client_id, resource } = world.data.clients.api;
    const exchange = (...args: string[]) =>
      curfew(['clients', 'exchange', client_id, '--for', resource, ...args]);
    const given = await exchange('--scope', 'orders:read', '--depth', '2', '--lifetime', '60');
    expect([given.code, given.out]).toEqual([0, expect.stringMatching(/orders:read\s+2\s+60/)]);
    expect((await exchange('--scope', 'orders:read', '--depth', '9')).err).toContain('token_exchange');
    expect((await exchange()).err).toContain('--scope says');
    const { json } = await exchange('--remove', '--json');
    expect([json.grant_types, json.token_exchange]).toEqual([[], undefined]);
  });

  it('rotates keys', async () => {
    const { json } = await curfew(['keys', 'rotate', '--alg', 'ES256', '--json']);
    const own = json
      .filter(({ alg }: { alg: string }) => alg === 'ES256')
      .map(({ state }: { state: string }) => state);
    expect(own.sort()).toEqual(['signing', 'upcoming']);
  });

  it('follows events as they happen, one on each line', async () => {
    const dev = world.server.environment['CURFEW_DEV_FILE']!;
    const args = [
      'apps/cli/bin/curfew.mjs',
      '--dev-file',
      dev,
      '--json',
      'events',
      '--follow',
      '--type',
      'session.ended',
    ];
    const child = spawn(process.execPath, args, { env: environment() });
    let out = '';
    child.stdout.on('data', (text) => (out += text));
    const since = (await curfew(['events', '--limit', '1', '--json'])).out;
    expect(since).not.toBe('');
    // Nobody says when it has begun to follow: sessions end until it tells of one of them.
    const sids: string[] = [];
    const told = () => out.split('\n').find((line) => sids.some((sid) => line.includes(sid)));
    for (const deadline = performance.now() + 20_000; !told() && performance.now() < deadline; ) {
      const { sid } = await world.signIn();
      sids.push(sid);
      await world.call('DELETE', `/v1/sessions/${sid}`);
      for (let turn = 0; !told() && turn < 10; turn += 1)
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    child.kill('SIGINT');
    const code = await new Promise((resolve) => child.once('close', resolve));
    const { type, session_id } = JSON.parse(told() ?? '{}');
    expect([type, sids]).toEqual(['session.ended', expect.arrayContaining([session_id])]);
    expect(code).toBe(0);
  }, 40_000);

  it('says whether recorded events are as they were sealed, and finds what somebody changed', async () => {
    await world.signIn();
    const [last] = await world.database.query<{ id: string }>(
      `SELECT id::text AS id FROM event WHERE type = 'session.started' ORDER BY id DESC LIMIT 1`,
    );
    const sealedBehind = async (id: string) =>
      (
        await world.database.query(
          'SELECT 1 FROM event_seal s, event e WHERE e.id = $1 AND (s.last_xid, s.last_id) >= (e.xid, e.id)',
          [id],
        )
      ).length > 0;
    for (const end = Date.now() + 30_000; !(await sealedBehind(last!.id)) && Date.now() < end; )
      await new Promise((resolve) => setTimeout(resolve, 250));
    const whole = await curfew(['events', 'verify', '--json']);
    expect([whole.code, whole.json.problems]).toEqual([0, []]);
    const { seal, hash } = whole.json.head;
    const [kept, another, nothing] = await Promise.all([
      curfew(['events', 'verify', '--head', `${seal}:${hash}`]),
      curfew(['events', 'verify', '--head', `${seal}:${'0'.repeat(64)}`]),
      curfew(['events', 'verify', '--head', 'nothing']),
    ]);
    expect([kept.code, kept.out]).toEqual([
      0,
      expect.stringMatching(/events behind \d+ seals looked at\nhead {2}\d+:/),
    ]);
    expect([another.code, another.out]).toEqual([
      7,
      expect.stringContaining('kept elsewhere is another one'),
    ]);
    expect(nothing.code).toBe(2);
    const change = (type: string) =>
      world.database.query(
        `DO $$ BEGIN ALTER TABLE event DISABLE TRIGGER USER; UPDATE event SET type = '${type}' WHERE id = '${last!.id}'; ALTER TABLE event ENABLE TRIGGER USER; END $$`,
      );
    await change('session.stepped_up');
    const [changed, doctor] = await Promise.all([curfew(['events', 'verify']), curfew(['doctor'])]);
    expect([changed.code, changed.out]).toEqual([7, expect.stringMatching(/seal \d+: an event was changed/)]);
    expect(doctor.out).toMatch(/events\s+seal \d+: an event was changed/);
    await change('session.started');
    expect((await curfew(['events', 'verify'])).code).toBe(0);
  }, 60_000);

  it('looks at everything and says what to do', async () => {
    // A mass end of a test before this one is recorded by the next sweep, and figures are counted anew every few seconds.
    const looked = async (): Promise<Awaited<ReturnType<typeof curfew>>> => {
      const found = await curfew(['doctor', '--json']);
      return /mass end\(s\) being recorded/.test(found.out) ? pause(500).then(looked) : found;
    };
    const [{ json }, broken] = await Promise.all([
      looked(),
      curfew(['doctor'], {
        ...environment(),
        DATABASE_URL: 'postgresql://127.0.0.1:1/x',
        CURFEW_NO_SUCH: '1',
      }),
    ]);
    const found = Object.fromEntries(
      json.map(({ what, state }: { what: string; state: string }) => [what, state]),
    );
    expect(found).toMatchObject({
      node: 'ok',
      configuration: 'ok',
      database: 'ok',
      migrations: 'ok',
      clock: 'ok',
      failover: 'note',
      'lost data': 'ok',
      'state folder': 'note',
      administrators: 'ok',
      'authorization server': 'ok',
      metadata: 'ok',
      'admin API': 'ok',
      'certificate of the issuer': 'note',
      credentials: 'ok',
      'signing keys': 'ok',
      sessions: 'ok',
      mail: 'ok',
      'identity providers': 'ok',
      transmitters: 'ok',
      'first-run data': 'note',
    });
    // The cluster of the tests is not durable on purpose, and the doctor sees it.
    const wrong = json.filter(({ state }: { state: string }) => state === 'wrong');
    expect(wrong.map(({ what }: { what: string }) => what)).toEqual(
      (await world.database.query<{ set: string }>("SELECT current_setting('synchronous_commit') AS set"))[0]!
        .set === 'off'
        ? ['durability']
        : [],
    );
    // This machine has looked at no folder of its own, which says nothing about that of the service.
    const folders = json.filter(({ what }: { what: string }) => what === 'state folder');
    expect(folders).toMatchObject([{}, { detail: expect.stringMatching(/^as the admin API sees it: /) }]);
    expect(broken.code).toBe(7);
    expect(broken.out).toMatch(/WRONG\s+configuration\s+.*CURFEW_NO_SUCH/);
    expect(broken.out).toMatch(/WRONG\s+database\s+cannot be reached \(ECONNREFUSED\)/);
  }, 60_000);

  it('says that the database lost something, and which step follows', async () => {
    await world.database.query('UPDATE service_state SET lost_since = now()');
    const { code, out } = await curfew(['doctor'], { ...environment(), CURFEW_STATE_FOLDER: '/tmp' });
    await world.database.query('UPDATE service_state SET lost_since = NULL');
    expect(code).toBe(7);
    expect(out).toMatch(/WRONG\s+lost data\s+.*after-restore\.js --yes/);
    expect(out).toMatch(/ok\s+state folder\s+\/tmp/);
    // A process that has heard of it meanwhile looks again.
    for (const url of [world.server.issuer, world.adminUrl])
      while (!(await fetch(`${url}/health/ready`)).ok) await pause(100);
  });

  it('names a lock-out and how it is undone, although nobody can ask the admin API any more', async () => {
    await world.database.query('UPDATE resource SET scopes = ARRAY[$1] WHERE audience = $2', [
      'sessions:read',
      world.adminUrl,
    ]);
    const { code, out } = await curfew(['doctor']);
    await world.database.query('UPDATE resource SET scopes = $1 WHERE audience = $2', [
      world.data.clients.admin.scope.split(' '),
      world.adminUrl,
    ]);
    expect(code).toBe(7);
    expect(out).toMatch(/WRONG\s+administrators\s+nobody can administer in full.*bootstrap\.js --repair/);
  });

  it('completes for three shells', async () => {
    const shells = ['bash', 'zsh', 'fish'];
    const finished = await Promise.all(shells.map((shell) => curfew(['completion', shell])));
    for (const [index, shell] of shells.entries()) {
      const { code, out } = finished[index]!;
      expect([shell, code]).toEqual([shell, 0]);
      for (const word of ['sessions', 'doctor', 'rotate', 'follow']) expect(out).toContain(word);
    }
    const { out } = finished[0]!;
    const script = `${out}\nCOMP_WORDS=(curfew sessions li); COMP_CWORD=2; _curfew; echo "\${COMPREPLY[@]}"`;
    const shell = spawn('bash', ['-c', script]);
    let told = '';
    shell.stdout.on('data', (text) => (told += text));
    await new Promise((resolve) => shell.once('close', resolve));
    expect(told.trim()).toBe('list');
  });
});
