import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientService } from '@curfew/clients';
import { Clock } from '@curfew/clock';
import { instant } from '@curfew/session-policy';
import { orders, ProtocolWorld, reports } from '../e2e/protocol-world.js';
import { freePort } from '../support/ports.js';

/** A check of the suite, as it writes it down. */
interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'WARNING' | 'FAILURE' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

class HostClock extends Clock {
  now() {
    return instant(Date.now());
  }
}

const suite = 'node_modules/@modelcontextprotocol/conformance/dist/index.js';
const revisions = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];

let world: ProtocolWorld;
let folder: string;
let port: number;
beforeAll(async () => {
  world = await ProtocolWorld.start({ CURFEW_CLIENT_DOCUMENTS: 'true' });
  folder = await mkdtemp(join(tmpdir(), 'curfew-conformance-'));
  port = await freePort();
  const prisma = world.database.prisma({ CURFEW_DATABASE_POOL_SIZE: '1' });
  const rules = { allowPrivateAddresses: true };
  const clients = new ClientService({ prisma, clock: new HostClock(), rules });
  const agent = {
    grant_types: ['authorization_code' as const, 'refresh_token' as const],
    token_endpoint_auth_method: 'none' as const,
  };
  const native = {
    ...agent,
    application_type: 'native' as const,
    redirect_uris: ['http://127.0.0.1/callback'],
  };
  const web = { ...agent, redirect_uris: [`http://127.0.0.1:${port}/callback`] };
  await clients.create({ client_name: 'Native', ...native, resources: [reports] }, { id: 'native-agent' });
  await clients.create({ client_name: 'Web', ...web, resources: [reports, orders] }, { id: 'web-agent' });
}, 60_000);
afterAll(async () => {
  await world?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** Runs every authorization scenario of the suite; a person signs in at the address that it prints. */
async function run(name: string, values: readonly string[]): Promise<readonly Check[]> {
  const results = join(folder, name);
  const preload = new URL('../support/mcp-conformance.mjs', import.meta.url).href;
  const asked = ['authorization', '--url', world.issuer, '-p', String(port), '-o', results, ...values];
  const child = spawn(process.execPath, ['--import', preload, suite, ...asked]);
  let printed = '';
  let signIn: Promise<unknown> | undefined;
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const address = /^(http\S+\/authorize\?\S+)$/m.exec(printed)?.[1];
      if (address) signIn ??= world.person().follow(address);
    });
  await once(child, 'close');
  await signIn;
  const files = (await readdir(results, { recursive: true })).filter((file) => file.endsWith('checks.json'));
  const checks = await Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(results, file), 'utf8'))),
  );
  if (files.length === 0) throw new Error(`the suite wrote nothing down:\n${printed}`);
  return checks.flat();
}

const shown = (checks: readonly Check[]) =>
  checks.map(({ id, status, errorMessage }) => [id, status, errorMessage ?? '']).sort();

const metadataEndpoint = 'authorization-server-metadata-endpoint';
const metadataDocuments = 'authorization-server-metadata-cimd';

describe('the official MCP conformance suite, against the started authorization server', () => {
  it.each([
    ['a native agent that names no API and no scope', ['--client-id', 'native-agent']],
    ['a native agent that names its API', ['--client-id', 'native-agent', '--resource', reports]],
    [
      'one of two APIs, in another spelling',
      ['--client-id', 'web-agent', '--resource', 'HTTPS://Reports.Example.test/'],
    ],
  ])('is content with %s', async (name, values) => {
    const checks = await run(name.replace(/\W+/g, '-'), values);
    expect(shown(checks.filter(({ id }) => id !== metadataDocuments))).toEqual([
      ['authorization-code-grant', 'SUCCESS', ''],
      ['authorization-server-metadata', 'SUCCESS', ''],
    ]);
  });

  it.each(revisions)('is content under the revision %s', async (revision) => {
    const checks = await run(revision, ['--client-id', 'native-agent', '--spec-version', revision]);
    const others = checks.filter(({ id }) => id !== metadataDocuments);
    expect(others.map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS']);
  });

  it('has no warning', async () => {
    const checks = await run('warnings', ['--client-id', 'native-agent']);
    expect(checks.map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS']);
    expect(checks.map(({ id }) => id)).toContain(metadataDocuments);
  });

  it('would say what is wrong: an issuer that is not the address it is asked at', async () => {
    const elsewhere = world.issuer.replace('localhost', '127.0.0.1');
    const [found] = await run('wrong', ['--url', elsewhere, '--scenario', metadataEndpoint]);
    expect(found).toMatchObject({ id: 'authorization-server-metadata', status: 'FAILURE' });
  });
});
