import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { Browser } from './load/browser.mjs';
import { Connection, formPost } from './load/connection.mjs';
import { codeRequest } from './load/operations.mjs';
import { createDatabase, startCluster } from './machine/cluster.mjs';
import { residentBytes } from './machine/cpu.mjs';
import { copyAccounts, copyClients, copySession, sessionId, tokenSecret } from './seed/curfew-sessions.mjs';
import { median, percentile } from './statistics.mjs';
import { Operator, startServers } from './subjects/operated.mjs';

/*
 * What operators do at a million sessions, over the real HTTP interface of the admin API, while refreshes go on at the
 * authorization server. The promised figures are printed beside the measured ones; exit status 1 says that
 * a median misses one (the slowest of a few tells as much of the machine as of the product).
 *   node bench/admin-at-a-million.mjs [--sessions 1000000] [--searches 20] [--refreshers 4] [--rate 100] [--flood 100000]
 */
const promised = { search: 200, account: 100, everyone: 1_000, slowdown: 2, floodMegabytes: 20 };

const { values } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000000' },
    searches: { type: 'string', default: '20' },
    refreshers: { type: 'string', default: '4' },
    rate: { type: 'string', default: '100' },
    flood: { type: 'string', default: '100000' },
  },
});
const [sessions, searches, refreshers, rate, flood] = [
  values.sessions,
  values.searches,
  values.refreshers,
  values.rate,
  values.flood,
].map(Number);
const say = (line) => process.stderr.write(`${line}\n`);

/** Milliseconds that `work` took, with what it answered. */
async function timed(work) {
  const began = performance.now();
  const result = await work();
  return { result, ms: performance.now() - began };
}

/** Fills the installation from one real session; gives what is needed to search it and to refresh in it. */
async function seed({ servers, databaseUrl }) {
  const { registered, secret, port, issuer } = servers;
  const { KeyRing, RefreshTokenCodec, ServiceKeys } = await import('@curfew/tokens');
  const codec = new RefreshTokenCodec(new KeyRing(new ServiceKeys([secret]).derive('refresh token mac')));
  const first = await signIn(port, issuer, registered);
  const template = codec.decode(first).sessionId;
  const firstAt = Date.now() - 50_000_000;
  const database = new pg.Client(databaseUrl);
  await database.connect();
  const accounts = await copyAccounts(database, registered.person.username, Math.ceil(sessions / 4));
  const clients = await copyClients(database, registered.web.id, 20);
  const load = 20_000;
  await copySession(database, { template, kind: 'many', firstAt, count: sessions - load, accounts, clients });
  await copySession(database, { template, kind: 'load', firstAt, count: load, accounts });
  for (const table of ['session', 'account', 'client']) await database.query(`VACUUM (ANALYZE) ${table}`);
  await database.end();
  const tokenOf = (n) =>
    codec.encode({ sessionId: sessionId('load', n, firstAt), generation: 0, secret: tokenSecret('load', n) });
  return { accounts, clients, tokenOf, load };
}

async function signIn(port, issuer, { web, person }) {
  const connection = new Connection(port);
  try {
    const code = await new Browser().authorize(connection, {
      endpoint: `${issuer}/authorize`,
      client: web,
      redirectUri: web.redirectUri,
      scope: 'openid offline_access',
      person,
    });
    const answer = await connection.send(codeRequest(new URL(`${issuer}/token`), web, code, {}));
    return JSON.parse(answer.body).refresh_token;
  } finally {
    connection.close();
  }
}

/** Refreshes on a few connections until it is told to stop; the times of those that were answered with tokens. */
function refreshing({ issuer, port, registered: { web } }, { tokenOf, load }) {
  let stopped = false;
  let next = 0;
  const times = [];
  const authorization = `Basic ${btoa(`${web.id}:${web.secret}`)}`;
  const one = async () => {
    const connection = new Connection(port);
    while (!stopped && next < load) {
      const form = { grant_type: 'refresh_token', refresh_token: tokenOf(++next) };
      const request = formPost(new URL(`${issuer}/token`), form, { authorization });
      const began = performance.now();
      const { status } = await connection.send(request);
      if (status === 200) times.push({ began, ms: performance.now() - began });
      // At a rate, and not as fast as it goes: a machine without any room says nothing of either.
      await pause(Math.max(0, (1_000 * refreshers) / rate - (performance.now() - began)));
    }
    connection.close();
  };
  const all = Promise.all(Array.from({ length: refreshers }, one));
  return {
    /** The 99th percentile of refreshes begun since an instant. */
    p99Since: (from) =>
      percentile(
        times
          .filter(({ began }) => began >= from)
          .map(({ ms }) => ms)
          .sort((a, b) => a - b),
        0.99,
      ),
    async stop() {
      stopped = true;
      await all;
    },
  };
}

const searchesOf = ({ accounts, clients }) => ({
  'all, latest first': '',
  live: 'state=live',
  'live of an account': `state=live&account=${accounts[17]}`,
  'live of a client': `state=live&client=${clients[3]}`,
  'of a network': 'ip=127.0.0.0/8',
  'of a network nobody came from': 'ip=198.51.100.0/24',
  'by user agent, which nobody has': 'user_agent=lynx',
  'ended, by reason': 'state=ended&reason=refresh_token_reuse',
  'started within a time': `started_after=${new Date(Date.now() - 40_000_000).toISOString()}`,
  'by policy': 'state=live&policy=standard',
});

async function measure(servers, seeded) {
  const operator = new Operator(servers);
  await operator.signIn();
  const rows = [];
  const tenths = (ms) => Math.round(ms * 10) / 10;
  const row = (what, times, most) => {
    const [typical, slowest] = [median(times), Math.max(...times)].map(tenths);
    rows.push({ what, times: times.length, medianMs: typical, slowestMs: slowest, belowMs: tenths(most) });
    say(
      `${what}: median ${typical} ms, slowest of ${times.length} ${slowest} ms (promised: below ${tenths(most)})`,
    );
  };
  for (const [name, query] of Object.entries(searchesOf(seeded))) {
    const times = [];
    for (let n = 0; n < searches; n += 1)
      times.push((await timed(() => operator.ask('GET', `/v1/sessions?${query}`))).ms);
    row(`search: ${name}`, times, promised.search);
  }
  const endAccount = async (n) => {
    const selection = { account: seeded.accounts[n] };
    return (await timed(() => operator.ask('POST', '/v1/sessions/end', { selection }))).ms;
  };
  const alone = [];
  for (let n = 0; n < searches; n += 1) alone.push(await endAccount(2_000 + n));
  row('end all of an account', alone, promised.account);
  const load = refreshing(servers, seeded);
  await pause(5_000);
  const quietFrom = performance.now();
  await pause(10_000);
  const quiet = load.p99Since(quietFrom);
  const busyFrom = performance.now();
  const ends = [];
  for (let n = 0; n < searches; n += 1) {
    ends.push(await endAccount(1_000 + n));
    await operator.ask('GET', '/v1/sessions?state=live');
    await pause(200);
  }
  row('end all of an account, among refreshes', ends, promised.account);
  await pause(Math.max(0, 10_000 - (performance.now() - busyFrom)));
  const busy = load.p99Since(busyFrom);
  row(`refresh p99 meanwhile, ${tenths(quiet)} ms before`, [busy], promised.slowdown * quiet);
  await load.stop();
  const everyone = await timed(() =>
    operator.ask('POST', '/v1/sessions/end', { selection: { everyone: true } }),
  );
  row('end everyone', [everyone.ms], promised.everyone);
  return rows;
}

/** Refresh tokens that were never issued, on a few connections; what the server holds afterwards beyond what it held before. */
async function floodWith(servers, databaseUrl) {
  const { issuer, port, pid, registered } = servers;
  const { web } = registered;
  const authorization = `Basic ${btoa(`${web.id}:${web.secret}`)}`;
  const send = async (count) => {
    let left = count;
    const one = async () => {
      const connection = new Connection(port);
      while (left-- > 0) {
        const form = {
          grant_type: 'refresh_token',
          refresh_token: `cfw_rt_${randomBytes(60).toString('base64url')}`,
        };
        const { status } = await connection.send(
          formPost(new URL(`${issuer}/token`), form, { authorization }),
        );
        if (status !== 400) throw new Error(`a token that was never issued was answered with ${status}`);
      }
      connection.close();
    };
    await Promise.all(Array.from({ length: refreshers }, one));
  };
  // What a server needs to get going is not what a flood costs.
  await send(Math.ceil(flood / 5));
  await pause(5_000);
  const before = residentBytes(pid)[0];
  await send(flood);
  await pause(5_000);
  const megabytes = (residentBytes(pid)[0] - before) / 1_000_000;
  const database = new pg.Client(databaseUrl);
  await database.connect();
  const { rows } = await database.query(
    `SELECT count(*)::int AS count FROM event WHERE type = 'alert.raised' AND data ->> 'pattern' = 'unknown_token_spray'`,
  );
  await database.end();
  say(
    `${flood} bad refreshes: ${megabytes.toFixed(1)} MB more (promised: below ${promised.floodMegabytes}), ${rows[0].count} alert(s)`,
  );
  return { refreshes: flood, megabytes: Math.round(megabytes * 10) / 10, alerts: rows[0].count };
}

const cluster = await startCluster();
let servers;
try {
  const databaseUrl = await createDatabase(cluster, 'measured');
  servers = await startServers(databaseUrl);
  const { result: seeded, ms } = await timed(() => seed({ servers, databaseUrl }));
  say(`${sessions} sessions seeded in ${Math.round(ms / 1000)} s`);
  const rows = await measure(servers, seeded);
  const flooded = await floodWith(servers, databaseUrl);
  process.stdout.write(`${JSON.stringify({ sessions, rows, flooded }, null, 2)}\n`);
  const held = flooded.megabytes < promised.floodMegabytes && flooded.alerts > 0;
  process.exitCode = held && rows.every(({ medianMs, belowMs }) => medianMs < belowMs) ? 0 : 1;
} finally {
  await servers?.stop();
  await cluster.stop();
}
