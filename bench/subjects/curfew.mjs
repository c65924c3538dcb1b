import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Browser } from '../load/browser.mjs';
import { Connection } from '../load/connection.mjs';
import { codeRequest } from '../load/operations.mjs';
import { createDatabase } from '../machine/cluster.mjs';
import { freePort, startServer } from '../machine/server-process.mjs';
import { seedCurfew } from '../seed/curfew.mjs';
import { scenariosOf } from './curfew-scenarios.mjs';

const scope = 'openid offline_access';

/** Starts the product as in production with that many sessions, the driver holding `driven` of them. */
export async function startCurfew({ cluster, generator, sessions, driven, cpuProfile }) {
  const databaseUrl = await createDatabase(cluster, 'curfew');
  const { migrate } = await import('@curfew/persistence');
  await migrate(databaseUrl);
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const secret = randomBytes(32).toString('base64url');
  const home = mkdtempSync(path.join(os.tmpdir(), 'curfew-bench-server-'));
  const developmentFile = path.join(home, 'dev.json');
  const start = () =>
    startServer({
      script: 'apps/auth-server/dist/main.js',
      flags: cpuProfile ? ['--cpu-prof', `--cpu-prof-dir=${cpuProfile}`] : [],
      environment: {
        CURFEW_MODE: 'test',
        CURFEW_ISSUER: issuer,
        CURFEW_AUTH_PORT: String(port),
        CURFEW_DEV_FILE: developmentFile,
        CURFEW_KEY_ENCRYPTION_SECRETS: secret,
        DATABASE_URL: databaseUrl,
      },
      readyUrl: `${issuer}/health/ready`,
    });
  let server = await start();
  const stop = async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const firstRun = JSON.parse(readFileSync(developmentFile, 'utf8'));
    const endpoints = await discover(issuer);
    const subject = {
      name: 'curfew',
      get pid() {
        return server.pid;
      },
      async crashAndRestart() {
        await server.crash();
        server = await start();
      },
      port,
      database: 'curfew',
      target: { endpoints },
      firstRun,
      scope,
      stop,
    };
    const web = clientOf(firstRun.clients.web);
    subject.client = web;
    subject.introspector = web;
    subject.newSession = () => signIn(subject, web);
    const seeded = await seedCurfew({ subject, databaseUrl, secret, generator, sessions, driven });
    subject.scenarios = scenariosOf(subject, seeded);
    return subject;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A client of the first-run data, in the driver's words. */
export const clientOf = ({ client_id: id, client_secret: secret, redirect_uris: redirectUris }) => ({
  id,
  secret,
  redirectUri: redirectUris?.[0],
});

async function discover(issuer) {
  const found = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
  return {
    authorization: found.authorization_endpoint,
    token: found.token_endpoint,
    introspection: found.introspection_endpoint,
    revocation: found.revocation_endpoint,
  };
}

/** One session through the real pages: sign in, consent, redeem the code. */
export async function signIn({ port, target, firstRun, scope }, client, headersOf = () => ({})) {
  const connection = new Connection(port);
  try {
    const code = await new Browser().authorize(connection, {
      endpoint: target.endpoints.authorization,
      client,
      redirectUri: client.redirectUri,
      scope,
      person: firstRun.accounts[0],
    });
    const url = new URL(target.endpoints.token);
    const answer = await connection.send(codeRequest(url, client, code, headersOf(url)));
    const body = JSON.parse(answer.body);
    if (!body.refresh_token) throw new Error(`no refresh token: ${body.error_description ?? answer.status}`);
    return { refreshToken: body.refresh_token, accessToken: body.access_token };
  } finally {
    connection.close();
  }
}
