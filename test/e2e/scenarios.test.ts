import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AdminClient } from '../../apps/cli/src/admin-client.js';
import { connectionFrom } from '../../apps/cli/src/connection.js';
import { scenarioOf } from '../../apps/cli/src/scenario/built-in.js';
import { installationOf } from '../../apps/cli/src/scenario/installation.js';
import { play } from '../../apps/cli/src/scenario/play.js';
import { assertInvariants } from '../support/database.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { freePort } from '../support/ports.js';
import { AdminWorld } from './admin-world.js';

const names = readdirSync('apps/cli/scenarios').map((file) => file.replace('.yaml', ''));

let world: AdminWorld;
let gateway: RunningGateway;
let folder: string;

beforeAll(async () => {
  const port = String(await freePort());
  world = await AdminWorld.start({
    CURFEW_VIRTUAL_CLOCK: 'true',
    CURFEW_SCENARIOS: 'true',
    CURFEW_DATABASE_STATEMENT_TIMEOUT: '2s',
    CURFEW_GATEWAY_URL: `http://localhost:${port}`,
  });
  gateway = await startGateway(world.server, { CURFEW_GATEWAY_PORT: port });
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-scenarios-'));
}, 90_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await gateway?.stop();
  await world?.stop();
});
afterEach(() => assertInvariants(world.database));

interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `curfew scenario`; `interruptAt` sends SIGINT once that was printed. */
function scenario(
  args: readonly string[],
  interruptAt?: string,
  dev = world.server.environment['CURFEW_DEV_FILE']!,
): Promise<Finished> {
  const { PATH = '' } = process.env;
  const { client_id, client_secret } = world.data.clients.admin;
  const child = spawn(process.execPath, ['apps/cli/bin/curfew.mjs', '--dev-file', dev, 'scenario', ...args], {
    env: {
      PATH,
      CURFEW_ADMIN_URL: world.adminUrl,
      CURFEW_ISSUER: world.server.issuer,
      CURFEW_CLI_CLIENT_ID: client_id,
      CURFEW_CLI_CLIENT_SECRET: client_secret,
      DATABASE_URL: world.database.url,
    },
  });
  let [out, err] = ['', ''];
  let isInterrupted = false;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    if (interruptAt === undefined || isInterrupted || !out.includes(interruptAt)) return;
    isInterrupted = true;
    child.kill('SIGINT');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

/** Everything that scenarios made and that still stands. */
const leftovers = async (): Promise<readonly string[]> => {
  const rows = await world.database.query<{ name: string }>(
    `SELECT username AS name FROM account WHERE username LIKE 'scenario-%'
     UNION ALL SELECT id FROM client WHERE id LIKE 'scenario-%'`,
  );
  return rows.map(({ name }) => name);
};

const written = async (name: string, text: string): Promise<string> => {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return file;
};

it.each(names)(
  '%s happens as it is written, and leaves nothing behind',
  async (name) => {
    const { code, out, err } = await scenario(['run', name, '--json']);
    const [played] = code === 0 ? JSON.parse(out) : [];
    expect({ code, err, out: played ? '' : out }).toEqual({ code: 0, err: '', out: '' });
    expect(played).toMatchObject({ name, passed: true, broken: null, not_removed: [] });
    expect(played.steps.filter(({ outcome }: { outcome: string }) => outcome !== 'passed')).toEqual([]);
    expect(await leftovers()).toEqual([]);
  },
  60_000,
);

it('is played to its end where no gateway is known', async () => {
  const { code, out } = await scenario(['run', 'stolen-laptop', '--json'], undefined, '/nowhere');
  const [played] = JSON.parse(out);
  expect([code, played.passed]).toEqual([0, true]);
  const leftOut = played.steps.filter(({ outcome }: { outcome: string }) => outcome === 'left_out');
  expect(leftOut.map(({ step }: { step: string }) => step)).toEqual(['use', 'use']);
  expect(await leftovers()).toEqual([]);
}, 60_000);

it('says where a scenario goes another way, in a report for CI too, and removes what it made', async () => {
  const file = await written(
    'wrong.yaml',
    'title: Wrong & "quoted"\nsteps:\n  - sign-in: laptop\n  - refresh: { holder: laptop, expect: refused }\n  - refresh: laptop\n',
  );
  const report = path.join(folder, 'report.xml');
  const { code, out } = await scenario(['run', file, '--junit', report]);
  expect(code).toBe(1);
  expect(out).toContain('✗ laptop refreshes');
  expect(out).toContain('expected refused, got tokens');
  expect(out).toContain('FAILED: wrong');
  const xml = await readFile(report, 'utf8');
  expect(xml).toContain('<testsuite name="wrong" tests="2" failures="1" errors="0" skipped="0"');
  expect(xml).toContain('<failure message="expected refused, got tokens"/>');
  expect(await leftovers()).toEqual([]);
}, 60_000);

it('removes what it made when it is interrupted', async () => {
  const file = await written(
    'long.yaml',
    `title: Long\nsteps:\n  - sign-in: laptop\n${'  - refresh: laptop\n'.repeat(150)}`,
  );
  const { code, out } = await scenario(['run', file], 'laptop refreshes');
  expect([code, out]).toEqual([1, expect.stringContaining('✗ interrupted')]);
  expect(await leftovers()).toEqual([]);
}, 60_000);

it('removes what it made, and frees the database, after a defect of its own', async () => {
  const devFile = world.server.environment['CURFEW_DEV_FILE']!;
  const env = { CURFEW_ADMIN_URL: world.adminUrl, DATABASE_URL: world.database.url };
  const admin = new AdminClient(await connectionFrom({ devFile }, env));
  const { name, scenario: story } = await scenarioOf('database-away');
  const installation = await installationOf(admin, devFile, env);
  let stood = Promise.resolve<readonly string[]>([]);
  const tell = ({ step }: { step: { name: string } }) => {
    if (step.name === 'sign-in') stood = leftovers();
    else throw new Error('a defect');
  };
  const played = play(installation, name, story, {
    tell,
    interrupted: new AbortController().signal,
  });
  await expect(played).rejects.toThrow('a defect');
  expect(await stood).toHaveLength(3);
  expect(await leftovers()).toEqual([]);
  const { access_token } = await world.signIn();
  expect(await world.introspect(access_token)).toMatchObject({ active: true });
}, 60_000);

it('removes what an earlier scenario that was killed left behind, once that is old', async () => {
  const { body } = await world.call('POST', '/v1/accounts', {
    body: { username: 'scenario-dead@example.test' },
  });
  await world.call('POST', '/v1/clients', {
    body: {
      client_id: 'scenario-dead',
      client_name: 'Left',
      redirect_uris: ['https://application.example/callback'],
    },
  });
  const file = await written('short.yaml', 'title: Short\nsteps:\n  - sign-in: laptop\n');
  await scenario(['run', file]);
  expect(await leftovers()).toContain('scenario-dead@example.test');
  await world.database.query(
    `UPDATE account SET created_at = created_at - interval '2 hours' WHERE id = $1`,
    [body.id],
  );
  await scenario(['run', file]);
  expect(await leftovers()).toEqual([]);
}, 60_000);

it('tells every fault of a file at once, by line, and plays nothing', async () => {
  const file = await written(
    'faulty.yaml',
    [
      'title: Faulty',
      'policy: { inactivityTimeout: 1s }',
      'steps:',
      '  - refresh: nobody',
      '  - sign-in: { holder: laptop, network: mars }',
      '  - sleep: 5m',
      '  - wait: soon',
      '',
    ].join('\n'),
  );
  for (const command of ['check', 'run']) {
    const { code, out, err } = await scenario([command, file]);
    expect([code, out]).toEqual([2, '']);
    const lines = err
      .trim()
      .split('\n')
      .map((line) => line.replace(`${file}:`, ''));
    expect(lines).toEqual([
      '5: steps.1.sign-in.network "mars": must be one of home, elsewhere',
      expect.stringMatching(/^6: steps\.2\.sleep "5m": is no step; steps are sign-in, /),
      '7: steps.3.wait "soon": must be a duration with a unit, such as 16m',
      '2: policy.inactivityTimeout "1s": must be between 1m and 30d',
      '4: steps.0.refresh "nobody": has no tokens at this point: nobody signed in as nobody before',
    ]);
  }
  expect(await leftovers()).toEqual([]);
});

it('names the built-in scenarios where one is not known', async () => {
  const { code, err } = await scenario(['run', 'stolen-tokens']);
  expect([code, err]).toEqual([3, expect.stringContaining('stolen-token, ')]);
});

it('checks every built-in scenario, and lists them', async () => {
  const { code, out } = await scenario(['list']);
  expect([code, names.filter((name) => !out.includes(name))]).toEqual([0, []]);
});

it('lets no clock move so far at once that an operator who watches is signed out', async () => {
  const scenarios = await Promise.all(names.map(scenarioOf));
  const tooFar = scenarios.filter(({ scenario: { steps } }) =>
    steps.some((step) => step.name === 'wait' && step.value >= 15 * 60),
  );
  expect(tooFar.map(({ name }) => name)).toEqual([]);
});

describe('over the admin API', () => {
  // A clock that moved has made the token before it old.
  const ask = async (method: string, path: string) =>
    world.call(method, path, { token: await world.token(undefined, true) });
  const start = (name: string) => ask('POST', `/v1/scenarios/${name}/plays`);
  const over = async (id: string) => {
    for (;;) {
      const { body } = await ask('GET', `/v1/scenario-plays/${id}`);
      if (body.state !== 'playing') return body;
      await pause(200);
    }
  };

  it('lists every scenario with its steps, and how far it moves the clock', async () => {
    const { body } = await ask('GET', '/v1/scenarios');
    expect(body).toMatchObject({ playable: true, clock_movable: true });
    expect(body.items.map(({ name }: { name: string }) => name)).toEqual(names.toSorted());
    const theft = body.items.find(({ name }: { name: string }) => name === 'stolen-token');
    expect(theft).toMatchObject({ moves_clock_seconds: 720, blocks_database: false });
    expect(theft.steps).toHaveLength(12);
  });

  it('plays one at a time, tells each step, measures the denial, and leaves the name of who asked in the history', async () => {
    const began = await Promise.all([start('stolen-token'), start('stolen-token'), start('two-tabs')]);
    expect(began.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    expect(began.flatMap(({ body }) => body.code ?? [])).toEqual([
      'scenario_is_playing',
      'scenario_is_playing',
    ]);
    const first = began.find(({ status }) => status === 201)!.body;
    const play = await over(first.id);
    expect(play).toMatchObject({ state: 'passed', detail: null, stop_asked: false });
    const denied = play.steps.filter(
      ({ denied_after_ms: after }: { denied_after_ms: unknown }) => after !== null,
    );
    for (const { denied_after_ms: after } of denied) expect(after).toBeLessThan(2_000);
    if (play.scenario === 'stolen-token') expect(denied).toHaveLength(2);
    expect(
      new Set(play.steps.map(({ session_id: sid }: { session_id: string }) => sid)).size,
    ).toBeGreaterThan(0);
    const { body } = await ask('GET', '/v1/events?type=admin.acted&limit=200');
    const told = body.items.filter(
      ({ data }: { data: { operation: string; target: string } }) =>
        data.operation === 'playScenario' && data.target === play.scenario,
    );
    expect(told[0].data.by).toMatchObject({ kind: 'administrator', id: world.data.clients.admin.client_id });
    expect(await leftovers()).toEqual([]);
  }, 120_000);

  it('stops when it is asked to, and removes what it made', async () => {
    const { body } = await start('idle-end');
    const stopped = await ask('POST', `/v1/scenario-plays/${body.id}/stop`);
    expect([stopped.status, stopped.body.stop_asked]).toEqual([200, true]);
    expect(await over(body.id)).toMatchObject({ state: 'stopped' });
    expect(await leftovers()).toEqual([]);
    expect((await ask('POST', `/v1/scenario-plays/${body.id}/stop`)).body.state).toBe('stopped');
  }, 120_000);

  it('takes the place of a play whose process is gone', async () => {
    const gone = randomUUID();
    await world.database.query(
      `INSERT INTO scenario_play (id, scenario, started_by, started_at, client_id, state, seen_at)
       VALUES ($1, 'two-tabs', '{"kind": "administrator", "id": "x", "ip": null}', now(), 'scenario-player-gone', 'playing', now() - interval '1 hour')`,
      [gone],
    );
    const { status, body } = await start('two-tabs');
    expect(status).toBe(201);
    expect(await over(gone)).toMatchObject({
      state: 'broken',
      detail: 'The process that played it is gone.',
    });
    expect(await over(body.id)).toMatchObject({ state: 'passed' });
  }, 120_000);

  it.each([
    ['an unknown name', 'stolen-tokens', 404, 'unknown_scenario'],
    ['a name that is none', '..%2Fx', 400, 'invalid_request'],
  ])('refuses %s, and plays nothing', async (_, name, status, code) => {
    expect(await start(name)).toMatchObject({ status, body: { code } });
    expect((await ask('GET', `/v1/scenario-plays/${randomUUID()}`)).body.code).toBe('unknown_play');
  });

  it('hands out nothing that the caller does not have', async () => {
    const token = await world.token('sessions:read sessions:end', true);
    const refused = await world.call('POST', '/v1/scenarios/two-tabs/plays', { token });
    expect(refused).toMatchObject({
      status: 403,
      body: { code: 'beyond_own_scopes' },
    });
    expect(await leftovers()).toEqual([]);
  });
});
