import { spawn, spawnSync } from 'node:child_process';
import { assertInvariants } from '../support/database.js';
import { AdminWorld } from './admin-world.js';

/** Gives a program a pseudo-terminal; part of util-linux, and of every Linux that people sit at. */
const hasTerminal = spawnSync('script', ['--version']).status === 0;
const atTerminal = hasTerminal ? it : it.skip;

let world: AdminWorld;

beforeAll(async () => {
  world = await AdminWorld.start();
}, 60_000);
afterEach(() => assertInvariants(world.database));
afterAll(() => world?.stop());

/** Runs `npx curfew` as a person does, who answers the question when it comes. */
function npxCurfew(args: string, answer?: string): Promise<{ code: number | null; shown: string }> {
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
      child.stdin.write(`${answer}\n`);
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
