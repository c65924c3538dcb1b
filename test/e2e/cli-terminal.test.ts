import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { assertInvariants } from '../support/database.js';
import { Person } from '../support/person.js';
import { AdminWorld, deviceGrant } from './admin-world.js';

/** Gives a program a pseudo-terminal; part of util-linux, and of every Linux that people sit at. */
const hasTerminal = spawnSync('script', ['--version']).status === 0;
const atTerminal = hasTerminal ? it : it.skip;

let world: AdminWorld;

beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

/** Runs `npx curfew` as a person does, who answers the question when it comes; something may happen before the answer. */
function npxCurfew(
  args: string,
  answer?: string,
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<{ code: number | null; shown: string }> {
  const dev = world.server.environment['CURFEW_DEV_FILE'];
  const child = spawn('script', ['-qec', `npx curfew --dev-file '${dev}' ${args}`, '/dev/null'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      TERM: 'xterm',
      npm_config_update_notifier: 'false',
    },
  });
  let shown = '';
  let answered = answer === undefined;
  child.stdout.on('data', (text) => {
    shown += text;
    if (!answered && /\[y\/N\]/.test(shown)) {
      answered = true;
      void meanwhile().then(() => child.stdin.write(`${answer}\n`));
    }
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, shown })));
}

describe('npx curfew at a terminal', () => {
  atTerminal(
    'shows tables that fit together',
    async () => {
      const { sid } = await world.signIn();
      const { code, shown } = await npxCurfew('sessions list --state live');
      expect(code).toBe(0);
      const lines = shown.split(/\r?\n/).filter((line) => /^(ID|[0-9a-f]{8}-)/.test(line));
      const column = lines[0]!.indexOf('STATE');
      expect(lines.some((line) => line.startsWith(sid))).toBe(true);
      for (const line of lines.slice(1)) expect(line.slice(column, column + 4)).toBe('live');
    },
    60_000,
  );

  atTerminal(
    'asks before it ends many, and takes no for an answer',
    async () => {
      const { access_token } = await world.signIn();
      const { username } = world.data.accounts[0]!;
      const no = await npxCurfew(`sessions end --account ${username}`, 'n');
      expect([no.code, no.shown]).toEqual([
        1,
        expect.stringMatching(/This ends \d+ live session\(s\), \d+ browser\(s\) signed out\. \[y\/N\]/),
      ]);
      expect(await world.introspect(access_token)).toMatchObject({ active: true });
      const yes = await npxCurfew(`sessions end --account ${username}`, 'y');
      expect([yes.code, yes.shown]).toEqual([0, expect.stringMatching(/Ended \d+ session\(s\)[^.]*\./)]);
      expect(await world.introspect(access_token)).toEqual({ active: false });
    },
    60_000,
  );

  atTerminal(
    'says whom a person is about to disable, and does nothing where somebody changes them before the answer',
    async () => {
      const [username, password] = [`${randomUUID()}@example.test`, randomUUID()];
      const { id } = (await world.post('/v1/accounts', { username, password })).body;
      const { access_token } = await world.signIn(new Person(username, password));
      const account = async () => (await world.get(`/v1/accounts/${id}`)).body;
      const rename = async () => {
        const body = { display_name: 'Ada L.' };
        expect((await world.call('PATCH', `/v1/accounts/${id}`, { body })).status).toBe(200);
      };
      const late = await npxCurfew(`accounts disable ${username}`, 'y', rename);
      expect(late.shown).toContain(`account ${username} (${id}), 1 live session(s)`);
      expect([late.code, late.shown]).toEqual([
        5,
        expect.stringMatching(
          /is not as it was read\. Nothing was done\.\s+display_name was -, and is Ada L\./,
        ),
      ]);
      expect([await account(), await world.introspect(access_token)]).toMatchObject([
        { disabled_at: null },
        { active: true },
      ]);
      const done = await npxCurfew(`accounts disable ${username}`, 'y');
      expect([done.code, done.shown]).toEqual([0, expect.stringContaining('Done. 1 session(s) ended')]);
      expect([await account(), await world.introspect(access_token)]).toMatchObject([
        { disabled_at: expect.any(String) },
        { active: false },
      ]);
    },
    60_000,
  );

  atTerminal(
    'says which client a person is about to delete, and does nothing where somebody changes it before the answer',
    async () => {
      const registered = await world.post('/v1/clients', {
        ...{ client_name: 'Till', grant_types: [deviceGrant, 'refresh_token'] },
        token_endpoint_auth_method: 'none',
      });
      const { client_id: id, version } = registered.body;
      const exists = async () => (await world.get(`/v1/clients/${id}`)).status;
      const rename = () =>
        world.call('PATCH', `/v1/clients/${id}`, {
          body: { client_name: 'Till of the canteen' },
          headers: { 'if-match': `"${version}"` },
        });
      const late = await npxCurfew(`clients delete ${id}`, 'y', rename);
      expect(late.shown).toContain(`client Till (${id}), 0 live session(s)`);
      expect([late.code, late.shown]).toEqual([
        5,
        expect.stringMatching(/Nothing was done\.\s+client_name was Till, and is Till of the canteen/),
      ]);
      expect(await exists()).toBe(200);
      expect((await npxCurfew(`clients delete ${id}`, 'y')).code).toBe(0);
      expect(await exists()).toBe(404);
    },
    60_000,
  );

  atTerminal(
    'lets no name steer the terminal',
    async () => {
      await world.database.query(`UPDATE client SET name = E'Evil\\x1b[2J\\x07name' WHERE id = $1`, [
        world.data.clients.service.client_id,
      ]);
      const { shown } = await npxCurfew('clients list');
      expect(shown).toContain('Evil');
      expect(shown).not.toContain('\x1b[2J');
    },
    60_000,
  );
});
