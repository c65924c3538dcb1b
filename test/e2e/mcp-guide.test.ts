import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { Person } from '../support/person.js';
import { freePort } from '../support/ports.js';
import { type FirstRunData, type RunningServer, startServer } from '../support/server.js';
import { blocksBetween, lines, Terminal } from '../support/terminal.js';

describe('docs/guides/mcp.md, pasted block by block, with the client of the official SDK', () => {
  let database: TestDatabase;
  let server: RunningServer;
  let admin: RunningServer;
  let data: FirstRunData;
  let folder: string;
  let terminal: Terminal;
  let blocks: string[];
  let port: number;
  let subject: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    const adminPort = String(await freePort());
    const settings = { CURFEW_ADMIN_PORT: adminPort, CURFEW_ADMIN_URL: `http://localhost:${adminPort}` };
    server = await startServer({ databaseUrl: database.url, settings });
    const { CURFEW_DEV_FILE: _, ...shared } = server.environment;
    admin = await startServer({
      databaseUrl: database.url,
      main: 'apps/admin-api/dist/main.js',
      listensAt: { portSetting: 'CURFEW_ADMIN_PORT', urlSetting: 'CURFEW_ADMIN_URL' },
      settings: shared,
    });
    data = await server.firstRunData();
    folder = await mkdtemp(join(tmpdir(), 'curfew-mcp-'));
    await mkdir(join(folder, '.curfew'));
    await writeFile(join(folder, '.curfew/dev.json'), JSON.stringify(data), { mode: 0o600 });
    for (const name of ['node_modules', 'package.json', 'apps'])
      await symlink(join(process.cwd(), name), join(folder, name));
    blocks = blocksBetween(await readFile('docs/guides/mcp.md', 'utf8'), '\n## 1', '\n## On the way');
    terminal = new Terminal(folder);
    port = await freePort();
  }, 60_000);

  afterAll(async () => {
    terminal?.close();
    await admin?.stop();
    await server?.stop();
    await database?.drop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  it('has the steps this test knows', () => expect(blocks).toHaveLength(5));

  it('registers the API and the agent', async () => {
    const ports = `GATEWAY_PORT=${port} SERVER_PORT=${await freePort()}\n`;
    expect(lines(await terminal.paste(ports + blocks[0]!))).toEqual([]);
    expect(await readFile(join(folder, '.curfew/mcp/tools-api.secret'), 'utf8')).toMatch(/^cfw_cs_\S+\n$/);
  });

  it('starts a server and a gateway that challenges', async () => {
    await terminal.paste(blocks[1]!);
    const challenge = lines(await terminal.paste(blocks[2]!)).at(-1)!;
    const metadata = `http://127.0.0.1:${port}/.well-known/oauth-protected-resource/mcp`;
    const parameters = `realm="tools", scope="tools:use", resource_metadata="${metadata}"`;
    expect(challenge.trim()).toBe(
      `WWW-Authenticate: Bearer ${parameters}, DPoP ${parameters}, algs="ES256 EdDSA Ed25519"`,
    );
    const described = await (await fetch(metadata)).json();
    expect(described).toMatchObject({
      resource: `http://127.0.0.1:${port}/mcp`,
      authorization_servers: [server.issuer],
      scopes_supported: ['tools:use'],
    });
  });

  it('signs the agent in, which then works for the person', async () => {
    await terminal.paste(blocks[3]!);
    const address = new URL(await terminal.untilPrinted(/to sign in, open (\S+)/));
    expect(Object.fromEntries(address.searchParams)).toMatchObject({
      client_id: 'tools-agent',
      resource: `http://127.0.0.1:${port}/mcp`,
      code_challenge_method: 'S256',
    });
    const { username, password } = data.accounts[0]!;
    const back = await new Person(username, password).follow(address.href);
    expect(back.body).toBe('Signed in. You may close this page.');
    subject = await terminal.untilPrinted(/working for (\S+)/);
    const [account] = await database.query<{ id: string }>('SELECT account_id AS id FROM session');
    expect(subject).toBe(account!.id);
  });

  it('ends the work when an administrator ends the session, and asks for a sign-in', async () => {
    const told = lines(await terminal.paste(blocks[4]!));
    expect(told).toContainEqual(expect.stringMatching(/tools-agent/));
    expect(told.at(-2)).toMatch(new RegExp(`^to sign in, open ${server.issuer}/authorize\\?`));
    expect(told.at(-1)).toBe('the session is over');
    const ended = await database.query('SELECT end_reason AS reason FROM session');
    expect(ended).toEqual([{ reason: 'ended_by_administrator' }]);
    // The call and the stream that the client keeps open beside it are refused each for itself, and each may try to refresh.
    const refused = await database.query("SELECT 1 FROM event WHERE type = 'session.refresh_refused'");
    expect([1, 2]).toContain(refused.length);
  });
});
