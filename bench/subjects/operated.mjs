import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { freePort, startServer } from '../machine/server-process.mjs';
import { register } from '../seed/register.mjs';

/** The two servers on one database, as in production where `settings` do not say otherwise. */
export async function startServers(databaseUrl, settings = {}) {
  const { migrate } = await import('@curfew/persistence');
  await migrate(databaseUrl);
  const secret = randomBytes(32).toString('base64url');
  const registered = await register(databaseUrl, secret);
  const [port, adminPort] = [await freePort(), await freePort()];
  const [issuer, adminUrl] = [`http://localhost:${port}`, `http://localhost:${adminPort}`];
  const environment = {
    CURFEW_MODE: 'production',
    CURFEW_ISSUER: issuer,
    CURFEW_AUTH_PORT: String(port),
    CURFEW_ADMIN_URL: adminUrl,
    CURFEW_ADMIN_PORT: String(adminPort),
    CURFEW_KEY_ENCRYPTION_SECRETS: secret,
    CURFEW_THROTTLE_SIGN_IN: '100000/15m',
    CURFEW_THROTTLE_SIGN_IN_NETWORK: '100000/15m',
    CURFEW_THROTTLE_REFRESH: '100000/1m',
    CURFEW_LOG_LEVEL: 'warn',
    DATABASE_URL: databaseUrl,
    ...settings,
  };
  const start = (name, url) =>
    startServer({ script: `apps/${name}/dist/main.js`, environment, readyUrl: `${url}/health/ready` });
  const auth = await start('auth-server', issuer);
  const operator = await firstAdministrator(environment);
  const admin = await start('admin-api', adminUrl);
  const stop = async () => {
    await admin.stop();
    await auth.stop();
  };
  return {
    secret,
    registered,
    port,
    issuer,
    adminUrl,
    operator,
    environment,
    pid: auth.pid,
    adminPid: admin.pid,
    stop,
  };
}

/** What an operator does once in a new installation. */
async function firstAdministrator(environment) {
  const env = { ...process.env, NODE_ENV: 'production', ...environment };
  const { stdout } = await promisify(execFile)(process.execPath, ['apps/admin-api/dist/bootstrap.js'], {
    env,
  });
  return JSON.parse(stdout);
}

/** Speaks to the admin API as an operator's program does: one connection that is kept, one request at a time. */
export class Operator {
  #token;

  constructor(servers, scope = 'sessions:read sessions:end') {
    this.servers = servers;
    this.scope = scope;
  }

  async signIn() {
    const { issuer, adminUrl, operator } = this.servers;
    const answer = await fetch(`${issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${operator.client_id}:${operator.client_secret}`)}` },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        resource: adminUrl,
        scope: this.scope,
      }),
    });
    const body = await answer.json();
    if (!body.access_token) throw new Error(`no token for the operator: ${JSON.stringify(body)}`);
    this.#token = body.access_token;
  }

  async ask(method, path, body) {
    const answer = await fetch(`${this.servers.adminUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
    return JSON.parse(text);
  }
}
