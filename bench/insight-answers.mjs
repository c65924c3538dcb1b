import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { createDatabase, startCluster } from './machine/cluster.mjs';
import { cpuMilliseconds } from './machine/cpu.mjs';
import { countedOf, intendedVisits, livedUnder } from './population/people.mjs';
import { copyAccounts, copyClients, copySession } from './seed/curfew-sessions.mjs';
import { seeding } from './seed/seeding.mjs';
import { median, percentile } from './statistics.mjs';
import { signIn } from './subjects/curfew.mjs';
import { Operator, startServers } from './subjects/operated.mjs';

/*
 * Answers about timeouts from the counts of 90 days and many clients, over the real HTTP interface of the admin API. The promised time is
 * printed beside the measured ones; exit status 1 says that a median misses it.
 *   node bench/insight-answers.mjs [--clients 100] [--sessions 1000000] [--incidents 10000] [--asks 20]
 */
const promisedMs = 300;
const timeouts = [1_800, 900];

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '100' },
    sessions: { type: 'string', default: '1000000' },
    incidents: { type: 'string', default: '10000' },
    asks: { type: 'string', default: '20' },
  },
});
const [clientCount, sessions, incidents, asks] = [
  values.clients,
  values.sessions,
  values.incidents,
  values.asks,
].map(Number);
const say = (line) => process.stderr.write(`${line}\n`);

/** The counts of one day of people, as a server would have written them. */
async function countOneDay(environment, clientId) {
  const [{ PrismaService }, { loadConfiguration }, { CountsStore, SilenceRecorder }] = await Promise.all([
    import('@curfew/persistence'),
    import('@curfew/config'),
    import('@curfew/insight'),
  ]);
  const recorder = new SilenceRecorder(true);
  const today = Date.now() - (Date.now() % 86_400_000);
  for (const timeout of timeouts)
    for (const { visits } of intendedVisits({ people: 600, days: 1, giveUpShare: 0.15, seed: timeout })) {
      const session = { accountId: randomUUID(), clientId };
      recorder.count('first', session, timeout, 1_000, today);
      for (const visit of visits) countVisit(recorder, session, visit, timeout, today);
    }
  const prisma = new PrismaService(loadConfiguration(environment).database);
  await new CountsStore(prisma).add(recorder.take().hours);
  await prisma.$disconnect();
}

function countVisit(recorder, session, visit, timeout, midnight) {
  const at = midnight + visit.startsAt * 1_000;
  const count = (kind, seconds) => recorder.count(kind, session, timeout, seconds * 1_000, at);
  for (const [kind, seconds] of countedOf(livedUnder(visit, timeout, 0.15), timeout)) {
    count(kind, seconds);
    // Everybody who is back has seen the page and shown a password.
    if (kind === 'resumed') for (const step of ['shown', 'proved']) count(step, seconds);
  }
  count('aged', 7_200);
}

/** Copies the counts of a day to each of 90 days (whole weeks before the last fortnight) and to every client. */
const spreadCounts = async (database, clients, first) => {
  await database.query(
    `WITH days AS (
       SELECT (now() AT TIME ZONE 'UTC')::date - d AS day, 1 AS days FROM generate_series(1, 20) d
       UNION ALL SELECT date_trunc('week', now() AT TIME ZONE 'UTC')::date - 21 - 7 * w, 7 FROM generate_series(0, 9) w
     )
     INSERT INTO gap_histogram (client_id, inactivity_timeout, day, fold, arm, kind, days, counts)
     SELECT c, h.inactivity_timeout, days.day, h.fold, h.arm, h.kind, days.days, h.counts
     FROM gap_histogram h, days, unnest($1::text[]) c WHERE h.client_id = CASE c WHEN '' THEN '' ELSE $2 END
     ON CONFLICT DO NOTHING`,
    [[...clients, ''], first],
  );
  await database.query(
    `INSERT INTO gap_hour SELECT c, h.inactivity_timeout, hour, h.first_day - 80, h.last_day, h.counts
     FROM gap_hour h, generate_series(0, 167) hour, unnest($1::text[]) c
     WHERE h.client_id = $2 AND h.hour_of_week = (SELECT max(hour_of_week) FROM gap_hour WHERE client_id = $2)
     ON CONFLICT DO NOTHING`,
    [[...clients, ''], first],
  );
};

/** Ends for reused tokens and findings of a month, each with a sign-in afterwards from the same place. */
const plantIncidents = (database, accounts, clients) =>
  database.query(
    `INSERT INTO event (id, at, type, session_id, account_id, client_id, data)
     SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000800' || substr(md5(n::text || type), 1, 13))::uuid,
       at, type, gen_random_uuid(), ($2::uuid[])[1 + n % cardinality($2::uuid[])], ($3::text[])[1 + n % cardinality($3::text[])],
       jsonb_build_object(
         'signals', jsonb_build_object('ip', '192.0.2.1', 'prefix', '192.0.2.0/24', 'asn', null, 'country', null, 'userAgentFamily', 'Firefox',
           'operatingSystem', null, 'deviceId', null, 'tlsFingerprint', null),
         'evidence', jsonb_build_object('class', 'lost_response', 'secondsSinceRotation', 45, 'differingSignals', '[]'::jsonb),
         'findings', '[{"signal": "ip", "action": "observe", "fields": ["ip", "prefix"]}]'::jsonb)
     FROM generate_series(1, $1::int) n,
       LATERAL (SELECT now() - interval '28 days' * n / $1::int AS began) b,
       LATERAL (VALUES ('session.reuse_found', began), ('session.risk_observed', began + interval '1 second'),
         ('session.started', began + interval '1 minute')) AS e(type, at)`,
    [incidents, accounts, clients],
  );

async function seed(servers, databaseUrl) {
  const { web, person } = servers.registered;
  await countOneDay(servers.environment, web.id);
  await seeding(databaseUrl, async (database) => {
    const clients = [web.id, ...(await copyClients(database, web.id, clientCount - 1))];
    const accounts = await copyAccounts(database, person.username, Math.max(1_000, Math.ceil(sessions / 4)));
    await spreadCounts(database, clients, web.id);
    await plantIncidents(database, accounts, clients);
    await copySessions(database, accounts, clients);
    for (const table of ['gap_histogram', 'gap_hour', 'event', 'session'])
      await database.query(`VACUUM (ANALYZE) ${table}`);
  });
}

/** Live sessions that nobody asks about; the answers must not depend on how many there are. */
async function copySessions(database, accounts, clients) {
  if (sessions === 0) return;
  const { rows } = await database.query('SELECT id FROM session LIMIT 1');
  const firstAt = Date.now() - 50_000_000;
  await copySession(database, {
    template: rows[0].id,
    kind: 'many',
    firstAt,
    count: sessions,
    accounts,
    clients,
  });
}

const questions = (client) => {
  const from = new Date(Date.now() - 90 * 86_400_000).toISOString();
  const window = `from=${encodeURIComponent(from)}`;
  return {
    'what-if, all clients': `what-if?${window}&inactivity_timeout=15m&absolute_lifetime=8h&retry_window=60`,
    'what-if, one client': `what-if?${window}&inactivity_timeout=15m&client=${client}`,
    'timeouts, all clients': `timeouts?${window}`,
    'timeouts, one client': `timeouts?${window}&client=${client}`,
    'exposure, all clients': `exposure?${window}`,
    'exposure, one client': `exposure?${window}&client=${client}`,
  };
};

async function measure(servers, pids) {
  const operator = new Operator(servers, 'policies:read');
  await operator.signIn();
  const rows = [];
  for (const [question, path] of Object.entries(questions(servers.registered.web.id))) {
    const times = [];
    const before = pids.map(cpuMilliseconds);
    for (let n = 0; n < asks; n += 1) {
      const began = performance.now();
      const { found } = await operator.ask('GET', `/v1/insight/${path}`);
      if (n > 0) times.push(performance.now() - began);
      if (!found) throw new Error(`${question}: nothing was found`);
    }
    times.sort((a, b) => a - b);
    // What an answer costs says more of the product than a time on a machine that others use as well.
    const [adminCpuMs, databaseCpuMs] = pids.map((pid, index) =>
      Math.round((cpuMilliseconds(pid) - before[index]) / asks),
    );
    const [medianMs, p95Ms] = [median(times), percentile(times, 0.95)].map(Math.round);
    rows.push({ question, medianMs, p95Ms, belowMs: promisedMs, adminCpuMs, databaseCpuMs });
    say(
      `${question}: median ${medianMs} ms, p95 ${p95Ms} ms (promised: below ${promisedMs}), CPU ${adminCpuMs} ms + ${databaseCpuMs} ms in the database`,
    );
  }
  return rows;
}

const cluster = await startCluster();
let servers;
try {
  const databaseUrl = await createDatabase(cluster, 'insight');
  servers = await startServers(databaseUrl);
  const { issuer, registered } = servers;
  const endpoints = { authorization: `${issuer}/authorize`, token: `${issuer}/token` };
  await signIn({ ...servers, target: { endpoints }, scope: 'openid offline_access' }, registered.web);
  await seed(servers, databaseUrl);
  const rows = await measure(servers, [servers.adminPid, cluster.pid]);
  process.stdout.write(`${JSON.stringify({ clients: clientCount, sessions, incidents, rows }, null, 2)}\n`);
  process.exitCode = rows.every(({ medianMs }) => medianMs < promisedMs) ? 0 : 1;
} finally {
  await servers?.stop();
  await cluster.stop();
}
