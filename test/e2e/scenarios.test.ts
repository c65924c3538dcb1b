import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
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
function scenario(args: readonly string[], interruptAt?: string): Promise<Finished> {
  const dev = world.server.environment['CURFEW_DEV_FILE']!;
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, ['apps/cli/bin/curfew.mjs', '--dev-file', dev, 'scenario', ...args], {
    env: { PATH, CURFEW_ADMIN_URL: world.adminUrl, DATABASE_URL: world.database.url },
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
  const played = play(installation, name, story, tell, new AbortController().signal);
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
