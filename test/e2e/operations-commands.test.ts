import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AdminWorld } from './admin-world.js';
import { type Finished, runCommandLine } from './command-line.js';

// Every command that docs/operations.md and docs/guides/many-nodes.md name is pasted as it stands, with this installation's names in it.

/** Those that are not run here. */
const notRun: Readonly<Record<string, string>> = {
  'npm ci': 'installs the dependencies; the build of each version does',
  'npm run build': 'the tests run on what it has built',
  'npm run docs': 'writes files of this folder; test/contract compares them with what it writes',
  'npm run prisma -- migrate deploy': 'a command of Prisma; test/integration/migrations.test.ts migrates',
  'npm start': 'ends with its terminal; test/contract/deployment.test.ts reads what it starts',
  'npm run test:chaos': 'runs for hours',
  'npm run test:chaos -- patroni': 'one of these tests',
  'npm run test:chaos -- rolling-restart': 'one of these tests',
  'npm run test:chaos -- chaos/pooler': 'one of these tests',
  'npm run bench -- --paths refresh-pooled': 'measures for minutes',
  'npm run bench -- --paths backends-of-20': 'measures for minutes',
  'npm run bench -- --paths refresh-processes': 'measures for minutes',
  'docker compose up --build': 'needs Docker; test/contract/deployment.test.ts reads its file',
  'pip install patroni[etcd3] psycopg2-binary': 'installs from a registry',
  'node apps/admin-api/dist/main.js': 'a server, which every test of the admin API starts',
  'SELECT pg_promote()': 'promotes a standby; test/e2e/failover.test.ts does that',
  'npx curfew': 'the beginning of the others',
  'npx curfew apply': 'stands for the one with a file',
};

/** Those that do their work and end with another status than 0. */
const otherEnds: Readonly<Record<string, number>> = {
  // There is an administrator, and the page says that it refuses then.
  'node apps/admin-api/dist/bootstrap.js': 1,
  // It names what an installation of a test lacks.
  'npx curfew doctor': 7,
};

let world: AdminWorld;
let folder: string;
const asked: string[] = [];
beforeAll(async () => {
  world = await AdminWorld.start();
  folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-operations-'));
}, 60_000);
afterAll(async () => {
  await world?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** The commands of a page: in its text, and one in each line of a block for a shell. */
async function commandsIn(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8');
  const blocks = [...text.matchAll(/^```(?:sh)?\n([^`]*?)^```/gm)].flatMap(([, block]) => block!.split('\n'));
  const spans = [...text.replaceAll(/^```[^`]*?^```/gm, '').matchAll(/`([^`\n]+)`/g)].map(
    ([, span]) => span!,
  );
  return [...blocks, ...spans].filter((one) =>
    /^(npx|npm|node|docker|pip|SELECT|ALTER) (?!v?\d)|^npx curfew$/.test(one),
  );
}

const environment = (): Record<string, string> => {
  const { CURFEW_DEV_FILE: _, ...settings } = world.server.environment;
  return { ...settings, PATH: process.env['PATH'] ?? '', CURFEW_ADMIN_URL: world.adminUrl } as Record<
    string,
    string
  >;
};

const curfew = (args: readonly string[]): Promise<Finished> =>
  runCommandLine(['--dev-file', world.server.environment['CURFEW_DEV_FILE']!, ...args], environment());

function node(args: readonly string[]): Promise<Pick<Finished, 'code' | 'err'>> {
  const child = spawn(process.execPath, args, { env: environment(), stdio: ['ignore', 'ignore', 'pipe'] });
  let err = '';
  child.stderr.on('data', (text) => (err += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, err })));
}

/** The words of a command line, as a shell splits them. */
const wordsOf = (command: string): string[] =>
  [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

const json = async (args: readonly string[]) => (await curfew([...args, '--json'])).json;

/** The head of the history, once something is sealed. */
async function sealedHead(): Promise<string> {
  for (let looks = 0; looks < 60; looks += 1) {
    const { head } = await json(['events', 'verify']);
    if (head) return `${head.seal}:${head.hash}`;
    await pause(500);
  }
  throw new Error('nothing is sealed');
}

/** The names of this installation for those of the pages. */
async function named(command: string): Promise<string[]> {
  // The first one signs in; what is done to a person is done to another one.
  const isDoneTo = /accounts (disable|password|operator)/.test(command);
  const person = world.data.accounts[isDoneTo ? 1 : 0]!.username;
  const browsers = async (): Promise<string> => {
    await world.signIn();
    const live = await json(['browsers', 'list', '--account', person, '--state', 'live']);
    // One that begins like an option would need `--` before it.
    return live.find(({ uid }: { uid: string }) => !uid.startsWith('-'))?.uid ?? browsers();
  };
  const receivers = async () =>
    (await world.post('/v1/receivers', { name: 'one', address: 'https://receiver.example.test/hook' })).body
      .id;
  const keys = async () => {
    await curfew(['keys', 'rotate', '--yes']);
    return (await json(['keys', 'list'])).at(-1).kid;
  };
  const names: Readonly<Record<string, () => unknown>> = {
    'ada@example.com': () => person,
    shop: () => world.data.clients.service.client_id,
    'curfew.yaml': () => path.join(folder, 'curfew.yaml'),
    '<sid>': async () => (await world.signIn()).sid,
    '<uid>': browsers,
    '<id>': receivers,
    '<kid>': keys,
    // The rest of a command that the page leaves out.
    '…': () => (command.includes('verify') ? sealedHead() : person),
  };
  const words = [];
  for (const word of wordsOf(command)) words.push(String((await names[word]?.()) ?? word));
  return words;
}

async function paste(command: string): Promise<unknown> {
  if (/^(SELECT|ALTER)/.test(command)) {
    // Roles belong to everybody who shares this PostgreSQL.
    return world.database.query(`BEGIN; ${command}; ROLLBACK`).then(() => 'done');
  }
  const words = await named(command);
  if (words[0] === 'npx') {
    const once = await curfew(words.slice(2));
    // A terminal would be asked here, and answers.
    const { code, err } = once.err.includes('add --yes to do it')
      ? await curfew([...words.slice(2), '--yes'])
      : once;
    return code === (otherEnds[command] ?? 0) ? 'done' : { code, err };
  }
  const more = words[1]!.endsWith('make-env.mjs') ? [folder] : [];
  const { code, err } = await node([...words.slice(1), ...more]);
  return code === (otherEnds[command] ?? 0) ? 'done' : { code, err };
}

const pages = ['docs/operations.md', 'docs/guides/many-nodes.md'];
/** The one that ends everything comes last. */
const isLast = (command: string): number =>
  Number(command.includes('after-restore')) + Number(command.includes('--everyone'));

it('each command of the pages for operators does what it says here, or is known not to run here', async () => {
  await writeFile(path.join(folder, 'curfew.yaml'), 'clients: {}\n');
  const all = [...new Set((await Promise.all(pages.map(commandsIn))).flat())].sort(
    (a, b) => isLast(a) - isLast(b),
  );
  const outcomes: [string, unknown][] = [];
  for (const command of all) {
    if (command in notRun) continue;
    asked.push(command);
    outcomes.push([command, await paste(command)]);
  }
  expect(outcomes.filter(([, outcome]) => outcome !== 'done')).toEqual([]);
  expect(asked.length).toBeGreaterThan(25);
  expect(Object.keys(notRun).filter((command) => !all.includes(command))).toEqual([]);
}, 300_000);
