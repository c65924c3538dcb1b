import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, startServer } from '../machine/server-process.mjs';
import { calledApi, guardedApi } from '../seed/register.mjs';

/** The API that gets tokens which were exchanged. */
const exchanged = 'exchanged';
// The longest that a gateway may remember, so that a block of warm decisions is one.
const longestCache = '30s';

const hostOf = (name) => `${name}.bench.example.test`;
const fold = (names, entry) => Object.fromEntries(names.map((name) => [name, entry(name)]));

/** Headers by which a reverse proxy asks about a request to one of the hosts. */
const asking = (name) => ({
  'x-forwarded-method': 'GET',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': hostOf(name),
  'x-forwarded-uri': '/orders/7?expand=lines',
});

// Each API of the file is a follower of its own, with a memory of its own. JSON is YAML.
function routesFile(names, { api, called }) {
  return JSON.stringify({
    proxies: ['127.0.0.0/8'],
    forwarded: ['x-forwarded'],
    apis: fold(names, (name) => ({
      ...(name === exchanged
        ? { audience: calledApi, clientId: called.id, clientSecretVariable: 'BENCH_CALLED_SECRET' }
        : { audience: guardedApi, clientId: api.id, clientSecretVariable: 'BENCH_API_SECRET' }),
      cacheFor: name === 'cold' ? '0s' : longestCache,
    })),
    routes: names.map((name) => ({
      name,
      hosts: [hostOf(name)],
      path: '/orders/**',
      api: name,
      scopes: ['read'],
    })),
  });
}

/**
 * Starts the gateway as in production beside a running Curfew, with this many followers of the feed: a subject whose
 * answers come from the gateway and whose tokens come from `source`. Its CPU is that of both servers.
 */
export async function startGateway(source, { followers = 1, cpuProfile, isExchanged } = {}) {
  const { registered } = source;
  const warm = Array.from({ length: followers }, (_, index) => `warm${index}`);
  const names = [...warm, 'cold', ...(isExchanged ? [exchanged] : [])];
  const home = mkdtempSync(path.join(os.tmpdir(), 'curfew-bench-gateway-'));
  const file = path.join(home, 'routes.yaml');
  writeFileSync(file, routesFile(names, registered));
  const port = await freePort();
  const server = await startServer({
    // A profile names files; in a bundle there are few.
    script: `apps/gateway/dist/${cpuProfile ? 'serve' : 'main'}.js`,
    flags: cpuProfile ? ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`] : [],
    environment: {
      CURFEW_MODE: 'production',
      CURFEW_ISSUER: source.issuer,
      CURFEW_GATEWAY_PORT: String(port),
      CURFEW_GATEWAY_URL: `http://localhost:${port}`,
      CURFEW_GATEWAY_ROUTES: file,
      BENCH_API_SECRET: registered.api.secret,
      BENCH_CALLED_SECRET: registered.called.secret,
    },
    readyUrl: `http://127.0.0.1:${port}/health/ready`,
  });
  const scenario = (name) => ({
    pool: `curfew/live-${name === exchanged ? exchanged : 'guarded'}`,
    operation: 'gateway',
    // Not only let through, but with the session's identity for the API.
    options: {
      client: name === exchanged ? registered.called : registered.api,
      headers: asking(name),
      answer: /\r\nx-curfew-session: [0-9a-f-]{36}/i,
    },
  });
  return {
    name: 'curfew',
    pid: server.pid,
    // Whom the gateway may ask. What that costs is part of a decision.
    source,
    port,
    counters: source.counters,
    target: { endpoints: { gateway: `http://localhost:${port}/forward-auth` } },
    askings: names.slice(0, followers).map(asking),
    scenarios: {
      'gateway-warm': scenario('warm0'),
      'gateway-cold': scenario('cold'),
      'gateway-exchanged': scenario(exchanged),
    },
    async stop() {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
