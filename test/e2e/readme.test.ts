import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { Person } from '../support/person.js';
import { freePort } from '../support/ports.js';
import { type FirstRunData, type RunningServer, startServer } from '../support/server.js';
import { blocksBetween, lines, Terminal } from '../support/terminal.js';

describe('the tour in docs/getting-started.md', () => {
  let database: TestDatabase;
  let server: RunningServer;
  let admin: RunningServer;
  let gateway: RunningGateway;
  let data: FirstRunData;
  let folder: string;
  let terminal: Terminal;
  let blocks: string[];
  const person = () => new Person(data.accounts[0]!.username, data.accounts[0]!.password);

  beforeAll(async () => {
    database = await createTestDatabase();
    const adminPort = String(await freePort());
    const gatewayPort = String(await freePort());
    server = await startServer({
      databaseUrl: database.url,
      settings: {
        CURFEW_CALLBACK_PORT: String(await freePort()),
        CURFEW_TOUR_PORT: String(await freePort()),
        CURFEW_ADMIN_PORT: adminPort,
        CURFEW_ADMIN_URL: `http://localhost:${adminPort}`,
        CURFEW_GATEWAY_URL: `http://localhost:${gatewayPort}`,
      },
    });
    gateway = await startGateway(server, { CURFEW_GATEWAY_PORT: gatewayPort });
    const { CURFEW_DEV_FILE: _, ...settings } = server.environment;
    admin = await startServer({
      databaseUrl: database.url,
      main: 'apps/admin-api/dist/main.js',
      listensAt: { portSetting: 'CURFEW_ADMIN_PORT', urlSetting: 'CURFEW_ADMIN_URL' },
      settings,
    });
    data = await server.firstRunData();
    folder = await mkdtemp(join(tmpdir(), 'curfew-tour-'));
    await mkdir(join(folder, '.curfew'));
    await writeFile(join(folder, '.curfew/dev.json'), JSON.stringify(data), { mode: 0o600 });
    // `npx curfew` needs these to find itself.
    for (const name of ['node_modules', 'package.json', 'apps'])
      await symlink(join(process.cwd(), name), join(folder, name));
    blocks = blocksBetween(await readFile('docs/getting-started.md', 'utf8'), '\n## A tour', '\n## Next');
    terminal = new Terminal(folder);
  }, 60_000);

  afterAll(async () => {
    terminal?.close();
    await admin?.stop();
    await gateway?.stop();
    await server?.stop();
    await database?.drop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('has the steps this test knows', () => expect(blocks).toHaveLength(11));

  it('starts by reading the first-run data', async () => {
    expect(await terminal.paste(blocks[0]!)).toBe('');
  });

  it('gives a machine a token whose end is immediate', async () => {
    const [before, after, ...rest] = lines(await terminal.paste(blocks[1]!));
    expect(JSON.parse(before!)).toMatchObject({
      active: true,
      client_id: data.clients.service.client_id,
      aud: data.clients.api.resource,
    });
    expect([after, rest]).toEqual(['{"active":false}', []]);
  });

  it('signs a person in on another device', async () => {
    const printed = await terminal.paste(blocks[2]!);
    expect(printed).toContain(`sign in as ${data.accounts[0]!.username} with ${data.accounts[0]!.password}`);
    // The next block is pasted too early: it waits, and goes on once it was allowed.
    const told = await terminal.paste(blocks[3]!, {
      on: /(waiting for you to allow it)/,
      act: async () => {
        const done = await person().follow(/open (\S+)/.exec(printed)![1]!);
        expect([done.status, done.body]).toEqual([200, expect.stringContaining('Device connected')]);
      },
    });
    const [waiting, ...rest] = new Set(lines(told));
    expect([waiting, rest.length]).toEqual(['waiting for you to allow it …', 1]);
    expect(JSON.parse(rest[0]!)).toMatchObject({ active: true });
  });

  it('answers a retry with the same successor', async () => {
    expect(await terminal.paste(blocks[4]!)).toMatch(/^the same successor: cfw_rt_/);
  });

  it('ends the session of a stolen token', async () => {
    const answers = lines(await terminal.paste(blocks[5]!)).map((line) => JSON.parse(line));
    expect(answers).toEqual([
      expect.objectContaining({ active: true }),
      expect.objectContaining({ error: 'invalid_grant' }),
      expect.objectContaining({ error: 'invalid_grant' }),
      { active: false },
    ]);
  });

  it('ends a session at an operators word, and tells why afterwards', async () => {
    const printed = await terminal.paste(blocks[6]!);
    await person().follow(/open (\S+)/.exec(printed)![1]!);
    const told = await terminal.paste(blocks[7]!);
    expect(told).toMatch(/^ID\s+STATE\s+CLIENT/m);
    expect(told).toMatch(/^Ended 1 session\(s\)\..*honoured everywhere within 2 s\.$/m);
    expect(lines(told)).toContain('{"active":false}');
    expect(told).toMatch(/^note\s+laptop stolen$/m);
  });

  it('does the same from a program with openid-client', async () => {
    const printed = await terminal.paste(blocks[8]!, {
      on: /open (\S+)\n/,
      act: (address) => person().follow(address),
    });
    expect(lines(printed).slice(1)).toEqual([
      expect.stringMatching(/^signed in: \S+$/),
      'refreshed, a new token: true',
      'after revocation: invalid_grant',
    ]);
  });

  it('protects an API, and a resource behind a reverse proxy', async () => {
    await terminal.paste(`ORDERS_PORT=${await freePort()}\n${blocks[9]!}`);
    const printed = lines(await terminal.paste(blocks[10]!));
    expect(printed.slice(0, 4)).toEqual([
      `hello, ${data.clients.service.client_id}`,
      '200',
      expect.stringContaining('invalid_token'),
      '401',
    ]);
  });
});
