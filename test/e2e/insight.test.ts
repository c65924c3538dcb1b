import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { seldom } from '../../bench/population/people.mjs';
import { plantCounts } from '../support/planted-counts.js';
import { canaryUnder, populationUnder, type Truth } from '../support/population.js';
import { type AdminAnswer, AdminWorld, deviceGrant, orders } from './admin-world.js';

let world: AdminWorld;
beforeAll(async () => {
  world = await AdminWorld.start({ CURFEW_SWEEP_INTERVAL: '1h' });
});
afterAll(() => world?.stop());

const inForce = 1_800;
const truth: Truth = { people: 320, days: 5, giveUpShare: 0.12, seed: 21 };
const clockwork = { share: 0.3, every: 290 };
const seen = populationUnder(inForce, truth);
const planted = populationUnder(inForce, { ...truth, people: 160, seed: 22, clockwork });
/** Each day of the population, once for each of these days. */
const days = 4;
const off = (estimate: number, really: number) => Math.abs(estimate / really - 1);

const ask = (path: string, query: Record<string, string> = {}): Promise<AdminAnswer> =>
  world.call('GET', `/v1/insight/${path}?${new URLSearchParams(query)}`);

const metrics = async () => (await world.get('/metrics', { token: null })).text;
async function until(look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

const write = (clientId: string, counts: Parameters<typeof plantCounts>[2]): Promise<void> =>
  plantCounts(world.database, clientId, counts, days);

describe('before anything was counted', () => {
  it('each answer says what is missing, and finds nothing', async () => {
    for (const path of ['timeouts', 'exposure', 'what-if']) {
      const { status, body } = await ask(path, path === 'what-if' ? { inactivity_timeout: '15m' } : {});
      expect([path, status, body.found]).toEqual([path, 200, null]);
      expect(body.missing.map(({ of }: { of: string }) => of)).toEqual(['days', 'silences', 'visits']);
      expect(body.evidence.unknown.length).toBeGreaterThan(1);
      expect(body.evidence.unknown[0]).toMatch(/ are not seen \(counted as activity: refreshes and use\)\.$/);
    }
  });
});

describe('what ends of sessions cost people', () => {
  it('a person who signs in again from where the reused token came from was no thief; from elsewhere it may be one', async () => {
    const clumsy = world.person(0);
    await world.reuse(await world.signIn(clumsy));
    await world.signIn(clumsy);
    const robbed = world.person(1);
    const { refresh_token: stolen } = await world.signIn(robbed);
    const { refresh_token: second } = await world.refresh(stolen);
    await world.refresh(second!);
    const { client_id } = world.data.clients.device;
    const thief = { 'user-agent': 'curl/8.5.0' };
    const shown = { grant_type: 'refresh_token', client_id, refresh_token: stolen };
    expect((await world.form('/token', shown, thief))['error']).toBe('invalid_grant');
    await world.signIn(robbed);
    await world.reuse(await world.signIn(clumsy));
    const text = await metrics();
    expect(text).toMatch(/^curfew_reuse_ends_last_day\{outcome="came_back"\} 1$/m);
    expect(text).toMatch(/^curfew_reuse_ends_last_day\{outcome="not_seen"\} 2$/m);
    const { body } = await ask('reuse-ends');
    const { ends, came_back_as_themselves, share } = body;
    expect(body).toMatchObject({ ends: 3, came_back_as_themselves: 1, complete: true });
    expect(share.low).toBeLessThan(1 / 3);
    const none = { siblings_served: 0, sessions_with_siblings: 0 };
    expect(body.by_client).toEqual([{ client_id, ends, came_back_as_themselves, share, ...none }]);
    expect((await ask('reuse-ends', { client: world.data.clients.spa.client_id })).body).toMatchObject({
      ends: 0,
      by_client: [],
    });
    expect((await ask('reuse-ends', { client: 'nobody' })).body.code).toBe('unknown_client');
  });

  it('siblings that were served are told by client, with the sessions that did not end for them', async () => {
    const { client_id } = world.data.clients.device;
    const target = { kind: 'client', client_id };
    await world.call('POST', '/v1/policies', {
      body: { name: 'shared', settings: { basedOn: 'standard', siblings: 'serve' } },
    });
    await world.call('PUT', '/v1/policy-attachments', { body: { target, policy: 'shared' } });
    const { refresh_token: first } = await world.signIn(world.person(0));
    const { refresh_token: second } = await world.refresh(first);
    await world.refresh(second!);
    for (const _ of [1, 2]) {
      const late = await world.refresh(first);
      expect([Object.keys(late).includes('access_token'), late.refresh_token]).toEqual([true, undefined]);
    }
    const warnings = async (): Promise<string[]> =>
      (await world.get('/v1/policies/shared')).body.warnings.map(({ code }: { code: string }) => code);
    expect(await warnings()).toContain('siblings_delay_theft');
    expect(await warnings()).not.toContain('siblings_of_confidential_client');
    // The linter knows whose policy it is: a client with a secret needs no siblings.
    const confidential = { kind: 'client', client_id: world.data.clients.web.client_id };
    await world.call('PUT', '/v1/policy-attachments', { body: { target: confidential, policy: 'shared' } });
    expect(await warnings()).toContain('siblings_of_confidential_client');
    for (const one of [target, confidential])
      await world.call('POST', '/v1/policy-attachments/detach', { body: { target: one } });
    const own = { siblings_served: 2, sessions_with_siblings: 1 };
    const { body } = await ask('reuse-ends');
    expect(body).toMatchObject({ ends: 3, ...own, by_client: [{ client_id, ends: 3, ...own }] });
  });

  it('what-if tries a retry window and risk rules on what has happened, and needs no counts for it', async () => {
    const { client_id } = world.data.clients.device;
    await world.call('POST', '/v1/policies', {
      body: {
        name: 'impatient',
        settings: { basedOn: 'standard', deviceMismatch: 'observe', retryWindow: '0s' },
      },
    });
    await world.call('PUT', '/v1/policy-attachments', {
      body: { target: { kind: 'client', client_id }, policy: 'impatient' },
    });
    const elsewhere = { 'user-agent': 'curl/8.5.0' };
    const refresh = (token: string, headers = {}) =>
      world.form('/token', { grant_type: 'refresh_token', client_id, refresh_token: token }, headers);
    // Two people whose refreshes come from elsewhere; one of them signs in from there.
    for (const number of [0, 1]) {
      const { refresh_token: token } = await world.signIn(world.person(number));
      await until(async () => 'access_token' in (await refresh(token, elsewhere)));
    }
    const scope = 'openid offline_access';
    const start = await world.form('/device/authorization', { client_id, resource: orders, scope });
    await world.person(1).follow(start['verification_uri_complete']!);
    const code = { grant_type: deviceGrant, client_id, device_code: start['device_code']! };
    const { refresh_token: own } = await world.form('/token', code, elsewhere);
    // An answer that was lost, to a client that asks again at once.
    await refresh(own!, elsewhere);
    expect((await refresh(own!, elsewhere))['error']).toBe('invalid_grant');
    const asked = {
      ...{ client: client_id, device_mismatch: 'end', ip_change: 'step_up', retry_window: '30s' },
      sibling_window: '15m',
    };
    await until(async () => (await ask('what-if', asked)).body.found.risk_rules[1].sessions === 2);
    const { body } = await ask('what-if', asked);
    expect(body.missing).toEqual([]);
    const { risk_rules: rules, retry_window: retry, inactivity_timeout: idle } = body.found;
    expect(idle).toBeNull();
    expect(rules).toEqual([
      {
        ...{ rule: 'ip_change', candidate: 'step_up', sessions: 0, came_back_as_themselves: 0 },
        ...{ share: { value: 0, low: 0, high: 1 }, complete: true },
      },
      {
        ...{ rule: 'device_mismatch', candidate: 'end', sessions: 2, came_back_as_themselves: 1 },
        ...{ share: { value: 0.5, low: expect.any(Number), high: expect.any(Number) }, complete: true },
      },
    ]);
    // All but the thief, whose program differs.
    const tried = { candidate_seconds: 900, distance: 12, reuse_ends: 4, would_be_siblings: 3 };
    expect(body.found.siblings).toMatchObject(tried);
    expect(retry).toMatchObject({ candidate_seconds: 30, reuse_ends: 4, would_be_retries: 1 });
    expect(retry.share.low).toBeGreaterThan(0);
    expect(retry.share.high).toBeLessThan(1);
  });

  it('figures that there is too little data for have no series', async () => {
    const text = await metrics();
    expect(text).toMatch(/^# TYPE curfew_drop_off_ratio gauge$/m);
    expect(text).not.toMatch(/^curfew_drop_off_ratio/m);
    expect(text).toMatch(/^curfew_after_timeout\{step="ended",within="120"\} 0$/m);
  });
});

describe('with counts of a population whose truth is known', () => {
  let names: { web: string; other: string };
  beforeAll(async () => {
    const [web, other] = (await world.call('GET', '/v1/clients?limit=2')).body.items;
    names = { web: web.client_id, other: other.client_id };
    for (const [clientId, population] of [
      [names.web, seen],
      ['', seen],
      [names.other, planted],
      ['', planted],
    ] as const)
      await write(clientId, population);
  });

  it('timeouts tell what the timeout in force costs and saves', async () => {
    const { status, body } = await ask('timeouts', { client: names.web });
    expect(status).toBe(200);
    expect(body.missing).toEqual([]);
    expect(body.evidence).toMatchObject({ days, visits: seen.visits * days, inactivity_timeouts: [inForce] });
    const { in_force: figures, curve, funnel } = body.found;
    expect(off(figures.sign_ins_again_per_visit.value, seen.signedInAgain / seen.visits)).toBeLessThan(0.1);
    expect(off(figures.exposure_hours_per_day.value, seen.exposureHours)).toBeLessThan(0.1);
    expect(figures.gave_up_per_visit.low).toBeLessThan(seen.gaveUp / seen.visits);
    expect(figures.gave_up_per_visit.high).toBeGreaterThan(seen.gaveUp / seen.visits);
    expect(curve.length).toBeGreaterThan(30);
    expect(funnel[0]).toMatchObject({ within_seconds: 120, ended: seen.cuts * days });
  });

  it('metrics tell the friction of seven days, each figure with its interval and without a client', async () => {
    const all = `curfew_after_timeout{step="ended",within="3600"} ${(seen.cuts + planted.cuts) * days}\n`;
    /** Each figure as the metrics have it and as the answer has it; this test's own requests may be counted between the two. */
    const compared = (text: string, { in_force: figures, cut_while_working }: AdminAnswer['body']) =>
      [
        ['curfew_drop_off_ratio', figures.gave_up_per_visit],
        ['curfew_exposure_hours_per_day', figures.exposure_hours_per_day],
        ['curfew_cut_while_working_ratio', cut_while_working],
      ].flatMap(([name, estimate]) =>
        Object.entries<number>(estimate).map(([bound, value]) => {
          const [, shown] = new RegExp(`^${name}\\{bound="${bound}"\\} (\\S+)$`, 'm').exec(text) ?? [];
          const isNear = Math.abs(Number(shown) - value) <= 0.01 * Math.abs(value) + 1e-6;
          return { name, bound, shown, value, isNear };
        }),
      );
    // Figures are counted for all who ask, once in five seconds. The last count, of either, may be of less, and may have been made in the
    // middle of what this test wrote.
    let text = '';
    let found: AdminAnswer['body'];
    await until(async () => {
      [text, found] = [await metrics(), (await ask('timeouts')).body.found];
      return text.includes(all) && compared(text, found).every(({ isNear }) => isNear);
    }).catch(() => undefined);
    expect(text).toContain(all);
    expect(compared(text, found).filter(({ isNear }) => !isNear)).toEqual([]);
    expect(text.match(/^curfew_(drop_off|cut_while|exposure|after_timeout|reuse_ends)[^ ]+ /gm)).toHaveLength(
      3 * 3 + 4 * 4 + 2,
    );
  });

  it('background refreshes are found by client, with what would end them', async () => {
    const { body } = await ask('timeouts');
    const { by_client: clients } = body.found.low_value;
    expect(clients[0].client_id).toBe(names.other);
    expect(Math.abs(clients[0].share - clockwork.share)).toBeLessThan(0.03);
    expect(clients[0].advice).toContain('passive');
    expect(clients[1]).toMatchObject({ client_id: names.web, advice: 'Nothing to do.' });
  });

  it('what-if tells what half of the timeout would do', async () => {
    const really = populationUnder(inForce / 2, { ...truth, seed: 23 });
    const { status, body } = await ask('what-if', {
      ...{ client: names.web, inactivity_timeout: '15m', absolute_lifetime: '8h', retry_window: '30' },
    });
    expect(status).toBe(200);
    const { inactivity_timeout: idle, absolute_lifetime: lifetime, retry_window: retry } = body.found;
    const again = idle.after.sign_ins_again_per_visit;
    expect(off(again.value, really.signedInAgain / really.visits)).toBeLessThan(0.1);
    expect(again.low).toBeLessThan(again.value);
    expect(idle.after.exposure_hours_per_day.value).toBeLessThan(idle.before.exposure_hours_per_day.value);
    expect(idle.by_client).toEqual([
      { client_id: names.web, before: expect.any(Object), after: expect.any(Object) },
    ]);
    expect(idle.by_hour_of_week).toHaveLength(168);
    expect(lifetime).toMatchObject({ candidate_seconds: 28_800, reached: { value: 0 } });
    expect(retry).toMatchObject({ candidate_seconds: 30, reuse_ends: 0, would_be_retries: 0 });
  });

  it('exposure is told over time, and beside what was predicted for the last change', async () => {
    const policy = 'insight-staff';
    const settings = { basedOn: 'standard', inactivityTimeout: '30m' };
    await world.call('POST', '/v1/policies', { body: { name: policy, settings } });
    const headers = { 'if-match': '"1"' };
    const next = { settings: { ...settings, inactivityTimeout: '15m' } };
    await world.call('PUT', `/v1/policies/${policy}`, { body: next, headers });
    await world.call('PUT', `/v1/policies/${policy}`, {
      body: { settings: { ...settings, inactivityTimeout: '20m' } },
      headers: { 'if-match': '"2"' },
    });
    await world.database.query(
      `UPDATE policy SET created_at = now() - make_interval(days => 5 - version) WHERE name = $1 AND version > 1`,
      [policy],
    );
    await world.call('PUT', '/v1/policy-attachments', {
      body: { target: { kind: 'client', client_id: names.web }, policy },
    });
    const { body } = await ask('exposure', { policy });
    expect(off(body.found.hours_per_day.value, seen.exposureHours)).toBeLessThan(0.1);
    const { last_change: change, changes, over_time: weeks } = body.found;
    expect(change).toMatchObject({ policy, version: 3 });
    expect(change).toEqual(changes[0]);
    expect(changes.map(({ version }: { version: number }) => version)).toEqual([3, 2]);
    // Nothing but whole days lies between two changes of neighbouring days: the one has no days after it, the other none before it.
    expect([changes[1].after.value, changes[0].before.value]).toEqual([0, 0]);
    expect(changes[1].predicted.value).toBeLessThan(changes[1].before.value);
    expect(changes[0].after.value).toBeGreaterThan(0);
    expect(body.found.now).toMatchObject({ live: 0, unattended: 0, usable_hours: 0 });
    const { found } = (await ask('exposure')).body;
    // Everybody in this file has been active within two minutes.
    expect(found.now.live).toBeGreaterThan(2);
    expect(found.now.unattended).toBe(0);
    expect(weeks.reduce((sum: number, week: { days: number }) => sum + week.days, 0)).toBe(days);
  });

  it('the command line shows the same, for people and for scripts', async () => {
    const run = async (...words: string[]): Promise<string> => {
      const flags = ['--issuer', world.server.issuer, '--admin-url', world.adminUrl];
      const { client_id: id, client_secret: secret } = world.data.clients.admin;
      const env = { ...process.env, CURFEW_CLI_CLIENT_ID: id, CURFEW_CLI_CLIENT_SECRET: secret };
      const command = ['apps/cli/bin/curfew.mjs', ...flags, ...words];
      return (await promisify(execFile)(process.execPath, command, { env })).stdout;
    };
    const text = await run('insight', 'timeouts', '--client', names.web);
    expect(text).toMatch(/Sign-ins again per person and day +\d+\.\d+ \(\d+\.\d+ to \d+\.\d+\)/);
    expect(text).toContain('WITHIN');
    const tried = await run('insight', 'what-if', '--client', names.web, '--inactivity-timeout', '15m');
    expect(tried).toContain('WITH 15m');
    const exposure = await run('insight', 'exposure', '--policy', 'insight-staff');
    expect(exposure).toMatch(/^Now: 0 of 0 session\(s\) are unattended/m);
    expect(exposure).toContain('HOURS PER DAY');
    expect(await run('insight', 'what-if', '--device-mismatch', 'end', '--retry-window', '30')).toMatch(
      /would have been retries: 25\.0 %[\s\S]*With device_mismatch: end, 2 session\(s\) would have been ended; the person of 1 was there: 50\.0 %/,
    );
    expect(await run('insight', 'reuse-ends')).toMatch(
      /^4 session\(s\) ended[\s\S]*2 sibling\(s\) were served in 1 session\(s\)[\s\S]*CLIENT +ENDS/,
    );
    const told = JSON.parse(await run('--json', 'insight', 'what-if', '--inactivity-timeout', '15m'));
    expect(told.found.inactivity_timeout.candidate_seconds).toBe(900);
  });
});

describe('a canary', () => {
  it('has its measured share of people who give up in the answers, and until then how much is missing', async () => {
    const { device, spa } = world.data.clients;
    const truthOfCanary = {
      ...{ people: 8_000, days: 4, giveUpShare: 0.12, seed: 4, pace: seldom, canaryShare: 0.5 },
      timeouts: { control: inForce, canary: 2_700 },
    };
    for (const arm of canaryUnder(truthOfCanary)) await write(device.client_id, arm);
    for (const arm of canaryUnder({ ...truthOfCanary, people: 200 })) await write(spa.client_id, arm);
    const asked = { inactivity_timeout: '15m' };
    const { body } = await ask('what-if', { ...asked, client: device.client_id });
    const { give_up_share: share, unknown } = body.evidence;
    expect(share.measured).toBe(true);
    expect(share.low).toBeLessThan(0.12);
    expect(share.high).toBeGreaterThan(0.12);
    expect(share.high - share.low).toBeLessThanOrEqual(0.1);
    expect(unknown.join()).not.toMatch(/give up/);
    const { evidence } = (await ask('what-if', { ...asked, client: spa.client_id })).body;
    expect(evidence.give_up_share).toEqual({ low: 0.05, high: 0.2, measured: false });
    expect(evidence.unknown.join()).toMatch(/The canary has seen \d+ of about \d+ first long silences/);
  });
});

describe('what makes no sense is refused with its name, and all of it at once', () => {
  it.each([
    ['what-if', {}, ['query/inactivity_timeout']],
    ['what-if', { inactivity_timeout: '0' }, ['query/inactivity_timeout']],
    ['what-if', { inactivity_timeout: '15 minutes' }, ['query/inactivity_timeout']],
    [
      'what-if',
      { inactivity_timeout: '99d', absolute_lifetime: '1s', retry_window: '2m', ip_change: 'observe' },
      ['query/inactivity_timeout', 'query/absolute_lifetime', 'query/retry_window', 'query/ip_change'],
    ],
    ['timeouts', { client: 'a', policy: 'b' }, ['query/policy']],
    ['exposure', { from: '2030-01-02T00:00:00Z', to: '2030-01-01T00:00:00Z' }, ['query/to']],
    ['exposure', { from: 'yesterday' }, ['query/from']],
  ])('%s %j', async (path, query, places) => {
    const { status, body } = await ask(path, query as unknown as Record<string, string>);
    expect(status).toBe(400);
    expect(body.faults.map(({ at }: { at: string }) => at)).toEqual(places);
  });

  it.each([
    [{ client: 'nobody' }, 'unknown_client'],
    [{ policy: 'nobody' }, 'unknown_policy'],
  ])('what does not exist is told apart from what has no counts: %j', async (query, code) => {
    const { status, body } = await ask('timeouts', query as unknown as Record<string, string>);
    expect([status, body.code]).toEqual([404, code]);
  });
});
