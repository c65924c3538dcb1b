import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Terminal } from '../support/terminal.js';
import { AdminWorld, deviceGrant } from './admin-world.js';

/** The APIs that the guides speak of, and the client that answers for one of them. */
const apis = `resources:
  https://orders.example.com: { name: Orders, scopes: [orders:read, stock:read] }
  https://stock.example.com: { name: Stock, scopes: [stock:read] }
clients:
  orders-api: { client_name: Orders API, grant_types: [], resource: https://orders.example.com }
  stock-api: { client_name: Stock API, grant_types: [], resource: https://stock.example.com }
`;

let world: AdminWorld;
let folder: string;
let terminal: Terminal;
/** The secrets that were printed, by client. */
const secrets = new Map<string, string>();

beforeAll(async () => {
  world = await AdminWorld.start();
  folder = await mkdtemp(join(tmpdir(), 'curfew-agents-'));
  await mkdir(join(folder, '.curfew'));
  await writeFile(join(folder, '.curfew/dev.json'), JSON.stringify(world.data), { mode: 0o600 });
  for (const name of ['node_modules', 'package.json', 'apps'])
    await symlink(join(process.cwd(), name), join(folder, name));
  await writeFile(join(folder, 'apis.yaml'), apis);
  terminal = new Terminal(folder);
  const told = await terminal.paste('npx curfew apply -f apis.yaml --yes --json');
  const { secrets: shown } = JSON.parse(told.slice(told.indexOf('{'), told.lastIndexOf('}') + 1)) as {
    readonly secrets: readonly { readonly client_id: string; readonly client_secret: string }[];
  };
  for (const { client_id, client_secret } of shown) secrets.set(client_id, client_secret);
}, 120_000);
afterAll(async () => {
  terminal?.close();
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** The first block of a language after a place of a page. */
async function blockOf(file: string, after: string, language: string): Promise<string> {
  const page = await readFile(file, 'utf8');
  const [, block] =
    new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(page.slice(page.indexOf(after))) ?? [];
  if (block === undefined) throw new Error(`no block in ${file}`);
  return block;
}

const asClient = (id: string) => ({ authorization: `Basic ${btoa(`${id}:${secrets.get(id)}`)}` });

describe('docs/guides/agents.md', () => {
  it('registers an agent that several processes can be, as it says', async () => {
    await writeFile(join(folder, 'agent.yaml'), await blockOf('docs/guides/agents.md', '## 1.', 'yaml'));
    const [, command] =
      /```\n(npx curfew apply.*)\n```/.exec(await readFile('docs/guides/agents.md', 'utf8')) ?? [];
    // Nobody is there who could be asked.
    await terminal.paste(`${command} --yes`);
    const client_id = 'shop-agent';
    const { body } = await world.get(`/v1/clients/${client_id}`);
    expect(body).toMatchObject({ application_type: 'native', token_endpoint_auth_method: 'none' });
    const signedIn = await world.signInRaw(world.person(), {
      ...{ client_id, resource: 'https://orders.example.com', scope: 'openid offline_access orders:read' },
    });
    const refresh = (refresh_token: string) =>
      world.form('/token', { grant_type: 'refresh_token', client_id, refresh_token });
    const first = signedIn['refresh_token']!;
    const second = await refresh(first);
    await refresh(second['refresh_token']!);
    // The table of its answers: another process has rotated meanwhile.
    const late = await refresh(first);
    expect([late['access_token']?.slice(0, 7), late['refresh_token']]).toEqual(['cfw_at_', undefined]);
  }, 60_000);
});

describe('docs/resource-servers.md', () => {
  it('exchanges a token as it says, and the new one ends with the session', async () => {
    const client_id = 'walking-agent';
    const made = {
      [client_id]: {
        ...{
          client_name: 'Walking agent',
          grant_types: [deviceGrant, 'refresh_token'],
          token_endpoint_auth_method: 'none',
        },
        ...{
          scope: 'openid offline_access orders:read stock:read',
          resources: ['https://orders.example.com'],
        },
      },
    };
    await world.post('/v1/apply', { description: { clients: made } });
    const signedIn = await world.signInRaw(world.person(1), {
      ...{
        client_id,
        resource: 'https://orders.example.com',
        scope: 'openid offline_access orders:read stock:read',
      },
    });
    const block = await blockOf('docs/resource-servers.md', '## Acting for a person at another API', 'sh');
    const printed = await terminal.paste(
      [
        'curfew() { npx curfew "$@"; }',
        `SECRET=${secrets.get('orders-api')}`,
        `TOKEN=${signedIn['access_token']}`,
        block.replace('https://login.example.com', world.server.issuer).replace('curl ', 'curl -s '),
      ].join('\n'),
    );
    const answer = JSON.parse(printed.slice(printed.indexOf('{'), printed.lastIndexOf('}') + 1));
    expect(answer).toMatchObject({ token_type: 'Bearer', scope: 'stock:read' });
    expect(answer.refresh_token).toBeUndefined();
    const look = () => world.form('/introspection', { token: answer.access_token }, asClient('stock-api'));
    expect(await look()).toMatchObject({ active: true, client_id: 'orders-api', act: { sub: 'orders-api' } });
    const { sid } = (await look()) as Record<string, string>;
    await world.call('DELETE', `/v1/sessions/${sid}`);
    expect(await look()).toEqual({ active: false });
  }, 60_000);
});
