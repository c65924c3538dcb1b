import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { basic } from '../load/connection.mjs';
import { repository } from '../machine/repository.mjs';
import { freePort, startServer } from '../machine/server-process.mjs';

const pageLength = 50;

/**
 * Starts the admin API as in production on the database of a running Curfew: a subject whose answers come from it. Its
 * CPU is that of both servers.
 */
export async function startAdmin(source, { cpuProfile } = {}) {
  source.operator ??= await firstOperator(source);
  const { environment, port, url } = source.operator;
  const authorization = `Bearer ${await tokenOf(source)}`;
  const server = await startServer({
    script: 'apps/admin-api/dist/main.js',
    flags: cpuProfile ? ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`] : [],
    environment,
    readyUrl: `${url}/health/ready`,
  });
  const asking = (pool) => ({
    pool,
    operation: 'sessions-page',
    options: { authorization, query: `limit=${pageLength}` },
  });
  return {
    name: 'curfew',
    pid: server.pid,
    source,
    port,
    counters: source.counters,
    target: { endpoints: { sessions: `${url}/v1/sessions` } },
    // The newest sessions of all, and those of one person after the other.
    scenarios: {
      'admin-list': asking('curfew/machine'),
      'admin-search': asking('curfew/accounts'),
    },
    stop: server.stop,
  };
}

// What an operator does once in a new installation: the address and the first credentials of the admin API.
async function firstOperator(source) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const environment = { ...source.environment, CURFEW_ADMIN_URL: url, CURFEW_ADMIN_PORT: String(port) };
  const { stdout } = await promisify(execFile)(process.execPath, ['apps/admin-api/dist/bootstrap.js'], {
    cwd: repository,
    env: { ...process.env, NODE_ENV: 'production', ...environment },
  });
  const { client_id: id, client_secret: secret } = JSON.parse(stdout);
  return { environment, port, url, client: { id, secret } };
}

async function tokenOf({ target, operator }) {
  const answer = await fetch(target.endpoints.token, {
    method: 'POST',
    headers: { authorization: basic(operator.client) },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      resource: operator.url,
      scope: 'sessions:read',
    }),
  });
  const { access_token: token, error_description: reason } = await answer.json();
  if (!token) throw new Error(`no token for the operator: ${reason ?? answer.status}`);
  return token;
}
