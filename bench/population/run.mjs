import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createDatabase, startCluster } from '../machine/cluster.mjs';
import { copyAccounts, copyClients } from '../seed/curfew-sessions.mjs';
import { seeding } from '../seed/seeding.mjs';
import { ensureBuilt } from '../setup.mjs';
import { Operator, startServers } from '../subjects/operated.mjs';
import { truthsOf } from './clients.mjs';
import { Life } from './life.mjs';
import { intendedVisits } from './people.mjs';
import { VirtualTime } from './virtual-time.mjs';

/*
 * npm run bench:population: people whose truth is hidden live ten working days through the real product on the virtual clock; then the product
 * is asked, and what it tells is put beside the truth. Exit status 1 says that a figure misses its bar. docs/insight.md has the figures.
 *   npm run bench:population -- [--clients 10] [--people 32] [--days 10] [--seed 1] [--canary 45m]
 * `--people` is for each client. `--canary` puts half of the accounts under another timeout, which measures how many people give up.
 */
const { values } = parseArgs({
  options: {
    people: { type: 'string', default: '32' },
    days: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    clients: { type: 'string', default: '10' },
    canary: { type: 'string' },
  },
});
const [people, days, seed, clientCount] = [values.people, values.days, values.seed, values.clients].map(
  Number,
);
const inForce = 1_800;
const policy = {
  basedOn: 'standard',
  inactivityTimeout: `${inForce}s`,
  absoluteLifetime: '30d',
  ...(values.canary && { canary: { inactivityTimeout: values.canary, share: '50%' } }),
};
/** Of the profile `standard`, in seconds. */
const accessTokenLifetime = 600;
const day = 86_400;
const say = (line) => process.stderr.write(`${line}\n`);

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));

/** Accounts with the password of the first one, and as many clients as there are truths. */
async function populate(databaseUrl, registered, count) {
  return seeding(databaseUrl, async (database) => {
    const accounts = await copyAccounts(database, registered.person.username, count * people);
    const clients = await copyClients(database, registered.web.id, count);
    const { rows } = await database.query('SELECT id, username FROM account WHERE id = ANY($1::uuid[])', [
      accounts,
    ]);
    return {
      accounts: rows.map(({ username }) => ({ username, password: registered.person.password })),
      clients,
    };
  });
}

async function withPolicy({ PrismaService, loadConfiguration, servers }) {
  const { PolicyService } = await import('@curfew/clients');
  const prisma = new PrismaService(loadConfiguration(servers.environment).database);
  const policies = new PolicyService(prisma, { now: () => Date.now() });
  await policies.save({ name: 'population', previous: 0, settings: policy, createdBy: 'bench' });
  await policies.attach({ kind: 'everyone' }, 'population');
  return prisma;
}

async function live(servers, databaseUrl) {
  const truths = truthsOf({ people, days, seed, clients: clientCount });
  const { accounts, clients } = await populate(databaseUrl, servers.registered, truths.length);
  const [{ PrismaService, advanceVirtualClock }, { loadConfiguration }, { CountsStore }] = await Promise.all([
    import('@curfew/persistence'),
    import('@curfew/config'),
    import('@curfew/insight'),
  ]);
  const prisma = await withPolicy({ PrismaService, loadConfiguration, servers });
  try {
    await pause(3_000);
    const from = Date.now() - day * 1_000;
    const time = new VirtualTime(prisma, advanceVirtualClock);
    const life = new Life(servers, time);
    for (const [index, truth] of truths.entries())
      for (const { person, day: dayOfVisit, visits } of intendedVisits(truth))
        for (const visit of visits)
          life.plan({
            account: accounts[index * people + person],
            client: { ...servers.registered.web, id: clients[index] },
            visit,
            day: dayOfVisit,
            giveUpShare: truth.giveUpShare,
          });
    const began = performance.now();
    await life.live((dayOver, happened) =>
      say(
        `day ${dayOver}, ${Math.round((performance.now() - began) / 1_000)} s: ${JSON.stringify(happened)}`,
      ),
    );
    // The last sessions end by their timeout, the sweeper finds them, and counts are written within ten seconds.
    await time.moveTo(time.now + 2 * inForce);
    await pause(15_000);
    const store = new CountsStore(prisma);
    const to = from + (days + 3) * day * 1_000;
    const counted = await Promise.all(
      truths.map(async (truth, index) => {
        const question = { clientIds: [clients[index]], from, to };
        return { truth, arms: await store.arms(question), ...(await store.find(question)) };
      }),
    );
    return { happened: life.happened, seconds: Math.round((performance.now() - began) / 1_000), counted };
  } finally {
    await prisma.$disconnect();
  }
}

/** What the product answers to an operator who knows nothing of the truth. */
async function answers(servers) {
  const operator = new Operator(servers, 'policies:read');
  await operator.signIn();
  const whatIf = await operator.ask('GET', '/v1/insight/what-if?inactivity_timeout=15m');
  const { evidence, found } = whatIf;
  return { evidence, after: found?.inactivity_timeout.after };
}

await ensureBuilt((line) => say(`  ${line}`));
const { judge } = await import('./verdict.mjs');
const cluster = await startCluster();
let servers;
try {
  const databaseUrl = await createDatabase(cluster, 'population');
  servers = await startServers(databaseUrl, {
    CURFEW_MODE: 'test',
    CURFEW_VIRTUAL_CLOCK: 'true',
    CURFEW_SWEEP_INTERVAL: '1s',
    // Passwords are not what is looked at.
    CURFEW_ARGON2_MEMORY: '8MiB',
    CURFEW_ARGON2_TIME: '1',
  });
  const { happened, seconds, counted } = await live(servers, databaseUrl);
  const rows = judge(counted, inForce, accessTokenLifetime);
  const told = await answers(servers);
  for (const { figure, told: value, really, error, bar, holds } of rows)
    say(
      `${holds ? 'holds' : 'MISSES'}  ${figure}: ${value.toFixed(3)} told, ${really.toFixed(3)} really, off by ${(error * 100).toFixed(1)} % (bar ${bar})`,
    );
  process.stdout.write(
    `${JSON.stringify({ clients: clientCount, people, days, seed, canary: values.canary, seconds, happened, rows, told }, null, 2)}\n`,
  );
  process.exitCode = rows.every(({ holds }) => holds) ? 0 : 1;
} finally {
  await servers?.stop();
  await cluster.stop();
}
