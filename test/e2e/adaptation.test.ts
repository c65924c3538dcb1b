import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { countKinds, sumOf } from '@curfew/insight';
import { type CanaryTruth, canaryUnder } from '../support/population.js';
import { freePort } from '../support/ports.js';
import { type RunningServer, startServer } from '../support/server.js';
import { AdminWorld, type SignedIn } from './admin-world.js';

let world: AdminWorld;
let device: string;
beforeAll(async () => {
  world = await AdminWorld.start({ CURFEW_VIRTUAL_CLOCK: 'true', CURFEW_SWEEP_INTERVAL: '1s' });
  device = world.data.clients.device.client_id;
}, 60_000);
afterAll(() => world?.stop());

const minute = 60;
const pass = async (seconds: number): Promise<void> => {
  expect((await world.post('/v1/clock/advance', { seconds })).status).toBe(200);
  // The token of the operator is too old by now, and each process hears of the moved clock by itself.
  for (let attempt = 0; attempt < 50; attempt++) {
    await world.token(undefined, true);
    if ((await world.get('/v1/clock')).status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('the admin API does not follow the clock');
};
const run = async (...words: string[]): Promise<string> => {
  const flags = ['--issuer', world.server.issuer, '--admin-url', world.adminUrl];
  const { client_id: id, client_secret: secret } = world.data.clients.admin;
  const env = { ...process.env, CURFEW_CLI_CLIENT_ID: id, CURFEW_CLI_CLIENT_SECRET: secret };
  return (
    await promisify(execFile)(process.execPath, ['apps/cli/bin/curfew.mjs', ...flags, ...words], { env })
  ).stdout;
};
/** A policy of the device client, which has no other. */
async function attach(name: string, settings: object): Promise<void> {
  expect((await world.post('/v1/policies', { name, settings })).status).toBe(201);
  const target = { kind: 'client', client_id: device };
  expect((await world.call('PUT', '/v1/policy-attachments', { body: { target, policy: name } })).status).toBe(
    204,
  );
}

describe('a shadow', () => {
  const settings = { basedOn: 'standard', activity: 'refresh', inactivityTimeout: '30m' };
  const put = (body: object, name = 'staff') => world.call('PUT', `/v1/policies/${name}/shadow`, { body });
  let early: SignedIn;
  let later: SignedIn;
  let token: string;

  beforeAll(async () => {
    await attach('staff', settings);
    early = await world.signIn();
    expect(await put({ inactivity_timeout: '10m' })).toMatchObject({
      status: 200,
      body: { policy: 'staff', inactivity_timeout: 600, absolute_lifetime: null, of_canary: false },
    });
    later = await world.signIn();
    await pass(15 * minute);
    ({ refresh_token: token } = (await world.refresh(early.refresh_token)) as { refresh_token: string });
  });

  it('lists the sessions that it would have ended, with what they did afterwards, page by page', async () => {
    const { body } = await world.get('/v1/policies/staff/shadow/sessions');
    expect(body).toEqual({
      items: [
        expect.objectContaining({ id: early.sid, client_id: device, ended_at: null, end_reason: null }),
      ],
      next_cursor: null,
    });
    const [{ used_again_after_seconds: after }] = body.items;
    expect(after).toBeGreaterThan(4 * minute);
    expect(after).toBeLessThan(6 * minute);
    // The other one is not used again: its own timeout ends it, and it is marked with that.
    await pass(29 * minute);
    await world.refresh(token);
    const deadline = Date.now() + 10_000;
    for (;;) {
      const { items } = (await world.get('/v1/policies/staff/shadow/sessions?limit=1')).body;
      const all = (await world.get('/v1/policies/staff/shadow/sessions')).body.items;
      if (all.length === 2 || Date.now() > deadline) {
        expect(items).toHaveLength(1);
        expect(all[1]).toMatchObject({
          id: later.sid,
          used_again_after_seconds: null,
          end_reason: 'inactivity_timeout',
        });
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const { next_cursor: cursor } = (await world.get('/v1/policies/staff/shadow/sessions?limit=1')).body;
    const next = await world.get(
      `/v1/policies/staff/shadow/sessions?limit=1&cursor=${encodeURIComponent(cursor)}`,
    );
    expect(next.body.items.map(({ id }: { id: string }) => id)).toEqual([later.sid]);
  });

  it('counts them, for people and for scripts', async () => {
    const { body } = await world.get('/v1/policies/staff/shadow');
    expect(body.would_have_ended).toEqual({
      ...{ marked: 2, used_again: 1, live: 1, ended: { inactivity_timeout: 1 }, complete: true },
    });
    const text = await run('policies', 'shadow', 'show', 'staff');
    expect(text).toMatch(/Would have ended +2/);
    expect(await run('policies', 'shadow', 'sessions', 'staff')).toContain(early.sid);
  });

  it('keeps its marks while it stays the same, and forgets them when it changes or goes', async () => {
    await put({ inactivity_timeout: '600' });
    expect((await world.get('/v1/policies/staff/shadow')).body.would_have_ended.marked).toBe(2);
    await put({ inactivity_timeout: '5m' });
    expect((await world.get('/v1/policies/staff/shadow')).body.would_have_ended.marked).toBe(0);
    expect(await run('policies', 'shadow', 'remove', 'staff')).toContain('Nothing is tried');
    expect((await world.get('/v1/policies/staff/shadow')).body).toEqual({
      shadow: null,
      would_have_ended: null,
    });
    expect((await world.get('/v1/policies/staff/shadow/sessions')).body.items).toEqual([]);
  });

  it.each([
    [{}, 'body/inactivity_timeout', 'invalid_request'],
    [{ inactivity_timeout: '15 minutes' }, 'body/inactivity_timeout', 'invalid_request'],
    [{ inactivity_timeout: '30m' }, 'body', 'invalid_policy'],
    [{ absolute_lifetime: '9999d' }, 'body/absolute_lifetime', 'invalid_request'],
    [{ inactivity_timeout: '5m', share: '10%' }, 'body/share', 'invalid_request'],
  ])('that makes no sense is refused, with where and why: %j', async (body, at, code) => {
    const answer = await put(body);
    expect([answer.status, answer.body.code, answer.body.faults[0].at]).toEqual([400, code, at]);
    expect(answer.body.faults[0].detail.length).toBeGreaterThan(15);
  });

  it('of a ready profile can be set too; of none that exists it cannot', async () => {
    expect((await put({ inactivity_timeout: '15m' }, 'standard')).status).toBe(200);
    expect((await world.call('DELETE', '/v1/policies/standard/shadow')).status).toBe(204);
    expect((await put({ inactivity_timeout: '15m' }, 'nothing')).body.code).toBe('unknown_policy');
  });
});

describe('an adaptation', () => {
  const adapt = (...words: string[]) => run('adaptation', ...words);
  const day = 86_400;
  const written = {
    mode: 'propose',
    floor: '10m',
    ceiling: '1h',
    budget: { kind: 'sign_ins_per_person_day', max: 100 },
  };
  const truth: CanaryTruth = {
    ...{ people: 400, days: 3, giveUpShare: 0.12, seed: 5, canaryShare: 0.25 },
    timeouts: { control: 1_800, canary: 1_380 },
  };
  const put = (body: object, name = 'desk') => world.call('PUT', `/v1/policies/${name}/adaptation`, { body });
  const adaptation = async (name = 'desk') =>
    (await world.get(`/v1/policies/${name}/adaptation`)).body.adaptation;
  const policy = async (name = 'desk') => {
    const { inactivityTimeout, canary } = (await world.get(`/v1/policies/${name}`)).body.settings;
    return canary === undefined
      ? inactivityTimeout
      : [inactivityTimeout, canary.inactivityTimeout, canary.share];
  };
  const today = async (): Promise<string> => (await world.get('/v1/clock')).body.now;
  /** Passes these days, and waits for the decision of the last one. */
  const decidedAfter = async (days: number, length = day): Promise<string> => {
    await pass(days * length);
    const reached = (await today()).slice(0, 10);
    for (let attempt = 0; attempt < 75; attempt++) {
      const { decided_at: at, decision } = await adaptation();
      if (at?.slice(0, 10) === reached) return `${decision.kind}: ${decision.reasons.join()}`;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error('nothing was decided');
  };
  /** Counts of the device client on each day from so many days before today to so many after it; and accounts. */
  const plant = async (arms: ReturnType<typeof canaryUnder>, from: number, to: number): Promise<void> => {
    const rows = arms.flatMap(({ arm, inactivityTimeout, folded }) =>
      folded.folds.flatMap((counts, fold) =>
        countKinds.flatMap((kind) =>
          sumOf(counts[kind]) === 0
            ? []
            : [{ inactivityTimeout, fold, arm, kind, counts: `{${counts[kind].join(',')}}` }],
        ),
      ),
    );
    await world.database.query(
      `INSERT INTO gap_histogram (client_id, inactivity_timeout, day, fold, arm, kind, counts)
       SELECT $1, r."inactivityTimeout", $2::date + d, r.fold, r.arm, r.kind, r.counts::int[]
       FROM jsonb_to_recordset($3::jsonb) AS r("inactivityTimeout" int, fold smallint, arm smallint, kind text, counts text), generate_series($4::int, $5::int) d
       ON CONFLICT DO NOTHING`,
      [device, await today(), JSON.stringify(rows), from, to],
    );
  };
  const plantAccounts = async (): Promise<void> => {
    await world.database.query(
      `INSERT INTO session (id, account_id, client_id, offline, resources, "authorization", baseline, signed_in_at, started_at, inactivity_timeout,
         absolute_deadline, check_after, ended_at, end_reason, last_active_at, expires_at, generation)
       SELECT gen_random_uuid(), gen_random_uuid(), $1, false, ARRAY[]::text[], '{"scope":"openid"}', '{}', t, t, 2592000, t + interval '400 days', t + interval '398 days', t, 'logout', t, t + interval '399 days', 0
       FROM generate_series(1, 200), (SELECT $2::timestamptz AS t) n`,
      [device, await today()],
    );
  };
  /** As many failed sign-ins of accounts in the canary as of the others, who are three times as many; in two days from now. */
  const plantFailures = async (): Promise<void> => {
    const at = Date.parse(await today()) + 2 * day * 1_000;
    const id = at
      .toString(16)
      .padStart(12, '0')
      .replace(/^(.{8})(.{4})$/, '$1-$2');
    await world.database.query(
      `INSERT INTO event_count (id, at, type, account_id, data)
       SELECT ($1 || '-7000-8000-' || lpad(to_hex(place * 16 + fold), 12, '0'))::uuid, to_timestamp($2::float8 / 1000), 'signin.failed',
         ('00000000-0000-4000-8000-000' || lpad(to_hex(place), 8, '0') || to_hex(fold))::uuid, '{"count": 30}'
       FROM generate_series(0, 15) fold, unnest(ARRAY[5, 50]) place`,
      [id, at],
    );
  };
  const plantAlert = async (): Promise<void> => {
    // An hour ahead, so that it is open still after a day has passed.
    const at = new Date(Date.parse(await today()) + 3_600_000).toISOString();
    const id = `${Date.parse(at)
      .toString(16)
      .padStart(12, '0')
      .replace(/^(.{8})(.{4})$/, '$1-$2')}-7000-8000-000000000001`;
    await world.database.query(
      `INSERT INTO event (id, at, type, data) VALUES ($1, $2, 'alert.raised', '{"pattern":"planted"}')`,
      [id, at],
    );
  };

  // Two admin APIs decide at the same time; each step below is taken once all the same.
  let other: RunningServer;
  afterAll(() => other?.stop());
  beforeAll(async () => {
    const { CURFEW_DEV_FILE: _, ...environment } = world.admin.environment;
    other = await startServer({
      databaseUrl: world.database.url,
      main: 'apps/admin-api/dist/main.js',
      settings: { ...environment, CURFEW_ADMIN_PORT: String(await freePort()) },
      listensAt: { portSetting: 'CURFEW_ADMIN_PORT', urlSetting: 'CURFEW_ADMIN_URL' },
    });
    await attach('desk', { basedOn: 'standard', activity: 'refresh', inactivityTimeout: '30m' });
    expect((await put(written)).status).toBe(200);
  });

  it('says what is missing while there is too little to go by', async () => {
    expect(await decidedAfter(1, 3_600)).toMatch(/^stay: .* of 14 days/);
  });

  it('proposes a step, begins it with a tenth of the accounts where a person approves it, and goes on to all', async () => {
    const arms = canaryUnder(truth);
    await plant(arms.slice(0, 1), -20, -1);
    await plant(arms, 0, 40);
    await plantAccounts();
    expect(await decidedAfter(1)).toMatch(/^propose: ./);
    const [{ id, ...proposal }] = (await world.get('/v1/policies/desk/proposals')).body.items;
    expect(proposal).toMatchObject({
      policy: 'desk',
      status: 'open',
      from: 1_800,
      to: 1_380,
      settled_at: null,
    });
    expect(proposal.numbers).toMatchObject({ accounts: 200, 'cost before': expect.any(Number) });
    expect(await policy()).toBe('30m');

    expect((await world.post(`/v1/policies/desk/proposals/${id}/decline`, {})).body.status).toBe('declined');
    expect(await decidedAfter(1)).toMatch(/^propose: ./);
    expect((await world.get('/v1/policies/desk/proposals')).body.items).toHaveLength(1);
    await world.database.query(`UPDATE policy_proposal SET status = 'open', settled_at = NULL`);

    const approve = () => world.post(`/v1/policies/desk/proposals/${id}/approve`, {});
    const approvals = await Promise.all([approve(), approve(), approve()]);
    expect(approvals.map(({ body }) => body.code ?? body.status).sort()).toEqual([
      ...['approved', 'proposal_settled', 'proposal_settled'],
    ]);
    expect(await policy()).toEqual(['30m', '23m', '10%']);

    await pass(6 * day);
    await plantAlert();
    expect(await decidedAfter(1)).toMatch(/^freeze: .*alert/);
    expect(await decidedAfter(2)).toMatch(/^stage: ./);
    expect(await policy()).toEqual(['30m', '23m', '50%']);
    expect(await decidedAfter(8)).toMatch(/^stage: ./);
    expect(await policy()).toBe('23m');
    await put({ ...written, mode: 'automatic' });
    expect(await decidedAfter(8)).toMatch(/^finish: ./);
    const [{ created_by: author }] = (await world.get('/v1/policies/desk/revisions')).body.items;
    expect(author).toBe('adaptation');
  }, 60_000);

  it('takes a step by itself where it may, and takes it back when it does harm', async () => {
    await plantAccounts();
    expect(await decidedAfter(1)).toMatch(/^stage: ./);
    expect(await policy()).toEqual(['23m', '18m', '10%']);
    await world.database.query('TRUNCATE gap_histogram');
    const harmful = {
      ...truth,
      people: 800,
      canaryGiveUpShare: 0.5,
      timeouts: { control: 1_380, canary: 1_080 },
    };
    await plant(canaryUnder(harmful), 0, 12);
    await plantFailures();
    expect(await decidedAfter(3)).toMatch(/^roll_back: visits lost .*sign-ins failed/);
    expect(await policy()).toBe('23m');
    const told = await world.database.query<{ step: string }>(
      `SELECT data ->> 'step' AS step FROM event WHERE type = 'policy.adapted' AND data ->> 'policy' = 'desk' ORDER BY id`,
    );
    const steps = ['proposed', 'declined', 'staged', 'staged', 'staged', 'finished', 'staged', 'rolled_back'];
    expect(told.map(({ step }) => step)).toEqual(steps);
    const { items } = (await world.get('/v1/policies/desk/adaptation/steps')).body;
    expect(items.map((one: { step: string }) => one.step)).toEqual(steps.toReversed());
    expect(items[1]).toMatchObject({ from: 1_380, to: 1_080, share: 10, by: { kind: 'policy' } });
    expect(items[1]).not.toHaveProperty('policy');
  }, 30_000);

  it('is stopped by one command, which takes the canary back and withdraws what is proposed', async () => {
    await world.post('/v1/policies', {
      name: 'stand',
      settings: { basedOn: 'standard', inactivityTimeout: '30m' },
    });
    const set = ['set', 'stand', '--floor', '10m', '--ceiling', '1h', '--max', '100'];
    expect(await adapt('show', 'stand')).toBe('stand does not adapt.\n');
    expect(await adapt(...set)).toMatch(/Policy +stand\nMode +propose/);
    await expect(
      adapt('set', 'stand', '--floor', 'x', '--ceiling', '99d', '--max', 'y'),
    ).rejects.toMatchObject({
      stderr: expect.stringMatching(/^(?=[\s\S]*floor)(?=[\s\S]*ceiling)(?=[\s\S]*max)/),
    });
    const ids = ['a', 'b', 'c'].map((digit) => `00000000-0000-7000-8000-00000000000${digit}`);
    for (const id of ids)
      await world.database.query(
        `INSERT INTO policy_proposal (id, policy, status, from_timeout, to_timeout, numbers, made_at) VALUES ($1, 'stand', 'open', 1800, 1380, '{}', now())`,
        [id],
      );
    const listed = await adapt('proposals', 'stand');
    for (const id of ids) expect(listed).toMatch(new RegExp(`${id} +open +30m +23m`));
    expect(await adapt('decline', 'stand', ids[2]!, '--note', 'a busy week')).toBe('stand: declined.\n');
    expect(await adapt('approve', 'stand', ids[0]!)).toBe('stand: approved.\n');
    await expect(adapt('approve', 'stand', ids[0]!)).rejects.toMatchObject({
      stderr: expect.stringContaining('approved already'),
    });
    expect(await adapt('show', 'stand')).toMatch(/Rollout +30m to 23m, 10 % of the accounts/);
    expect(await policy('stand')).toEqual(['30m', '23m', '10%']);
    const outdated = await world.post(`/v1/policies/stand/proposals/${ids[1]}/approve`, {});
    expect([outdated.status, outdated.body.code]).toEqual([409, 'proposal_outdated']);
    expect(await adapt('history', 'stand')).toMatch(
      /staged +30m +23m +10 %[\s\S]*declined +30m +23m .*a busy week/,
    );
    expect(await adapt('stop')).toContain('Stopped: desk, stand');
    expect(await policy('stand')).toBe('30m');
    expect(await adaptation('stand')).toMatchObject({ settings: { mode: 'off' }, rollout: null });
    const items = JSON.parse(await run('--json', 'adaptation', 'proposals', 'stand'));
    expect(items.map(({ status }: { status: string }) => status).sort()).toEqual([
      ...['approved', 'declined', 'withdrawn'],
    ]);
    expect((await world.call('DELETE', '/v1/policies/stand/adaptation')).status).toBe(204);
    expect(await adaptation('stand')).toBeNull();
  }, 60_000);

  it('is held back by a release for a fortnight, by the command of a deployment', async () => {
    expect(await adapt('release', device)).toContain('stay as they are until');
    await put({ ...written, mode: 'automatic' });
    expect(await decidedAfter(1)).toMatch(/^freeze: .*released/);
    expect((await world.post('/v1/releases', { client_id: 'nobody' })).body.code).toBe('unknown_client');
    const { items } = (await world.get(`/v1/releases?client=${device}`)).body;
    expect(items).toHaveLength(1);
    expect(Date.parse(items[0].frozen_until) - Date.parse(items[0].released_at)).toBe(14 * day * 1_000);
    expect((await world.get('/v1/releases?client=nobody')).body.items).toEqual([]);
    expect(await adapt('releases')).toContain(device);
  });

  it('with settings that make no sense is refused with every fault at once', async () => {
    const { status, body } = await put({
      ...written,
      mode: 'on',
      floor: '10 minutes',
      ceiling: '99d',
      speed: 3,
    });
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    const places = body.faults.map(({ at }: { at: string }) => at).sort();
    expect(places).toEqual(['body/ceiling', 'body/floor', 'body/mode', 'body/speed']);
    const beyond = await put({ ...written, floor: '20m', compliance: 'pci-dss' });
    expect([beyond.status, beyond.body.code]).toEqual([400, 'invalid_policy']);
    expect(beyond.body.faults[0].detail).toMatch(/^floor is 1200, .* 900 seconds that pci-dss allows/);
    expect((await put(written, 'standard')).body.code).toBe('policy_is_built_in');
    expect((await put(written, 'nothing')).body.code).toBe('unknown_policy');
  });
});
